import { SendHorizontal } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { State } from '../../protocol';
import { clock } from '../../shared/times';
import { Button } from '../../shared/ui';
import { t } from '../text';
import type { Session } from './session';

type ChatProps = { session: Session; state: State; name: string; zone: string };

const longest = 500; // characters, the protocol's limit

/** What the chat calls the seller. */
export const firstOf = (name: string): string => name.split(' ')[0] ?? name;

/** The chat with the seller. */
export function Chat({ session, state, name, zone }: ChatProps) {
  const [text, setText] = useState('');
  const list = useRef<HTMLOListElement>(null);
  const count = state.chat.length;
  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [count, session.lower.value]);
  const open = ['waiting', 'live', 'interrupted'].includes(state.room.state);
  const send = async () => {
    const line = text.trim();
    if (line && (await session.ask('chat', { text: line }))) setText('');
  };
  const first = firstOf(name);
  return (
    <section class="card chat" aria-label={t('chat.title')}>
      <header><h2>{t('chat.title')}</h2> <span class="quiet">{t('chat.seen')}</span></header>
      <ol class="chat-lines" ref={list} aria-live="polite">
        {count === 0 && <li class="quiet">{t('chat.empty')}</li>}
        {state.chat.map((line, i) => (
          <li key={i}>
            <time class="quiet" dateTime={line.at}>{clock(line.at, zone)}</time>
            <p><span class="chat-from">{line.from === 'manager' ? t('chat.you') : first}</span> {line.text}</p>
          </li>
        ))}
      </ol>
      {session.refusals.value.chat && <p class="field-error" role="alert">{t('chat.failed', { why: session.refusals.value.chat })}</p>}
      <form class="chat-form" onSubmit={(event) => { event.preventDefault(); void send(); }}>
        <input
          id="chat-input"
          class="input"
          maxLength={longest}
          autocomplete="off"
          placeholder={t('chat.placeholder', { name: first })}
          aria-label={t('chat.placeholder', { name: first })}
          disabled={!open}
          data-testid="manager-chat-input"
          value={text}
          onFocus={() => (session.lower.value = 'chat')}
          onInput={(event) => setText(event.currentTarget.value)}
        />
        <Button type="submit" kind="ghost" icon={SendHorizontal} label={t('chat.send')} locked={!open || !text.trim()} busy={!!session.busy.value.chat} data-testid="manager-chat-send" />
      </form>
    </section>
  );
}
