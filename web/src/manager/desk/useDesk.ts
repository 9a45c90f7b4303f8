import { useState } from 'preact/hooks';
import { ApiError } from '../../shared/api';
import { useLoad } from '../../shared/load';
import { desk, setDesk, type Desk, type Status } from './api';

const every = 5000; // ms; that it is asked for says that a page is open, hidden ones too

/** The own desk, as the server has it, and the way to change it. */
export interface OwnDesk {
  now?: Desk;
  /** The status that is being set. */
  setting: Status | '';
  /** Why it could not be set. */
  why: string;
  set: (status: Status) => void;
}

export function useDesk(): OwnDesk {
  const known = useLoad('desk', desk, every, true);
  const [set, settle] = useState<{ desk: Desk; at: number } | null>(null);
  const [setting, begin] = useState<Status | ''>('');
  const [why, say] = useState('');
  const now = set && set.at > known.at ? set.desk : known.value;
  const change = async (status: Status) => {
    begin(status);
    say('');
    try {
      settle({ desk: await setDesk(status), at: Date.now() });
    } catch (cause) {
      say(cause instanceof ApiError ? cause.message : String(cause));
    }
    begin('');
  };
  return { ...(now ? { now } : {}), setting, why, set: (status) => void change(status) };
}
