import { AlertTriangle, MonitorX, RotateCw, WifiOff } from 'lucide-preact';
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { State } from '../../protocol';
import { useLoad } from '../../shared/load';
import type { RoomDetail } from '../../shared/room';
import { go } from '../../shared/route';
import { Blank } from '../../shared/staff';
import { Button, Dialog, Strip } from '../../shared/ui';
import { detail, type Me } from '../api';
import { ComparePane } from '../compare/ComparePane';
import { Desk } from '../compare/desk';
import { Turn, turnOf } from '../desk/Turn';
import { useDesk } from '../desk/useDesk';
import { t } from '../text';
import { VerdictDialog } from '../verdict/VerdictDialog';
import type { Ask } from './ask';
import { Bar } from './Bar';
import { ConsoleKeys, useConsoleKeys } from './keys';
import { LivePane } from './LivePane';
import { NoticeGate } from './NoticeGate';
import { FlagDialog } from './Notes';
import { PlanPane } from './PlanPane';
import { Over, Sealed } from './Sealed';
import { Session } from './session';
import '../compare/compare.css';
import './console.css';

/** The console of one room, for its whole life. */
export function Console({ id, me }: { id: string; me: Me }) {
  const session = useMemo(() => new Session(id), [id]);
  useEffect(() => () => session.close(), [session]);
  const state = session.state;
  const room = useLoad(`${id} ${state?.room.state ?? ''} ${state?.outcome?.digest ?? ''}`, (signal) => detail(id, signal));
  const name = state?.peer?.name || room.value?.sellerName || '';
  useEffect(() => {
    document.title = `${name || id} · ${t('brand')}`;
  }, [name, id]);

  const { status, fault, goodbye } = session.socket;
  if (status.value === 'replaced') {
    return (
      <main class="whole">
        <Blank whole icon={MonitorX} title={t('room.replaced')} line={t('room.replacedLine')}>
          <Button kind="primary" onClick={() => session.socket.reopen()}>{t('room.takeBack')}</Button>
        </Blank>
      </main>
    );
  }
  if (status.value === 'closed' && goodbye.value !== 'call_over' && !isOver(state)) {
    return (
      <main class="whole">
        <Blank whole icon={AlertTriangle} title={t(state ? 'room.closed' : 'room.failed')} line={fault.value?.message} tone="danger">
          <Button kind="primary" icon={RotateCw} onClick={() => session.socket.reopen()}>{t('room.reload')}</Button>
          <Button kind="link" onClick={() => go('/manager')}>{t('bar.agenda')}</Button>
        </Blank>
      </main>
    );
  }
  if (!state) return <GreyConsole />;
  return <Room session={session} state={state} room={room.value} name={name} me={me} />;
}

const overStates = ['decided', 'in_review', 'closed', 'purged', 'cancelled', 'no_show', 'expired', 'aborted'];

function isOver(state: State | null): boolean {
  return !!state && overStates.includes(state.room.state);
}

type RoomProps = { session: Session; state: State; room: RoomDetail | undefined; name: string; me: Me };

function Room({ session, state, room, name, me }: RoomProps) {
  const [ask, setAsk] = useState<Ask>('');
  const desk = useMemo(() => new Desk(session), [session]);
  const own = useDesk();
  const turn = turnOf(own);
  const over = isOver(state);
  useConsoleKeys(session, desk, over, setAsk);
  const close = () => setAsk('');
  const lost = session.socket.status.value === 'lost' || session.socket.status.value === 'connecting';
  const failing = session.tracks.value.find((track) => track.failing);
  return (
    <div class="console" data-state={state.room.state}>
      <Bar session={session} state={state} name={name} zone={me.zone} desk={own} onKeys={() => setAsk('keys')} />
      <div class="console-strips">
        {lost && (
          <Strip tone="warn" icon={WifiOff} title={navigator.onLine ? t('room.lost') : t('room.offline')} urgent>
            {session.socket.goodbye.value === 'server_stopping' ? t('room.stopping') : t('room.lostLine')}
          </Strip>
        )}
        {turn && turn !== state.room.id && <Turn room={turn} shown={false} />}
        {failing && <Strip tone="danger" icon={AlertTriangle} title={t('recorder.failing')} urgent>{t('recorder.failingLine')}</Strip>}
      </div>
      {over ? (
        state.outcome || room?.verdict ? <Sealed session={session} state={state} room={room} name={name} /> : <Over state={state} />
      ) : (
        <main class="panes">
          <LivePane session={session} state={state} name={name} me={me} onEnd={() => setAsk('end')} />
          <ComparePane session={session} state={state} desk={desk} zone={me.zone} />
          <PlanPane session={session} state={state} desk={desk} zone={me.zone} onAsk={setAsk} />
        </main>
      )}
      {!over && before(state) && state.you.notice !== 'agreed' && <NoticeGate session={session} name={name} />}
      {ask === 'verdict' && !over && <VerdictDialog session={session} state={state} name={name} me={me} onClose={close} />}
      {ask === 'flag' && <FlagDialog session={session} onClose={close} />}
      {ask === 'keys' && <ConsoleKeys onClose={close} />}
      {ask === 'end' && !over && <EndDialog session={session} name={name} onClose={close} />}
    </div>
  );
}

function before(state: State): boolean {
  return ['invited', 'booked', 'waiting', 'live', 'interrupted'].includes(state.room.state);
}

function EndDialog({ session, name, onClose }: { session: Session; name: string; onClose: () => void }) {
  const end = async () => {
    await session.ask('end', {});
    onClose();
  };
  return (
    <Dialog
      title={t('live.endAsk', { name })}
      onClose={onClose}
      actions={
        <>
          <Button onClick={onClose}>{t('live.endKeep')}</Button>
          <Button kind="danger" busy={!!session.busy.value.end} data-testid="manager-end-confirm" onClick={() => void end()}>{t('live.endDo')}</Button>
        </>
      }
    >
      <p>{t('live.endLine')}</p>
    </Dialog>
  );
}

/** The layout in grey bars, until the first state is there. */
function GreyConsole() {
  return (
    <main class="console" aria-busy="true">
      <h1 class="only-read">{t('room.loading')}</h1>
      <header class="console-bar"><span class="bar-grey grey-name" /></header>
      <div class="console-strips" />
      <div class="panes" aria-hidden="true">
        {['live', 'compare', 'plan'].map((pane) => (
          <div class={`pane ${pane} grey-pane`} key={pane}><span class="bar-grey tall" /><span class="bar-grey" /><span class="bar-grey" /></div>
        ))}
      </div>
    </main>
  );
}
