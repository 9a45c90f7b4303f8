import { SendHorizontal } from 'lucide-preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { State } from '../../protocol';
import { clock } from '../../shared/times';
import { Button, classes, Dialog } from '../../shared/ui';
import { t } from '../text';
import { useDraft } from '../draft';
import type { Visit } from '../visit';

const longest = 500; // characters of a line, calls/protocol

/** The chat as a sheet over the lower half of the call; both pictures stay in sight. */
export function Chat({ visit, state, onClose }: { visit: Visit; state: State; onClose: () => void }) {
  const name = state.peer?.name || t('peerNobody');
  return (
    <Dialog title={t('chat.title', { name })} onClose={onClose} class="below chat">
      <Lines state={state} name={name} />
      <Write visit={visit} room={state.room.id} name={name} />
    </Dialog>
  );
}

function Lines({ state, name }: { state: State; name: string }) {
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.scrollTo({ top: list.current.scrollHeight });
  }, [state.chat.length]);
  if (state.chat.length === 0) return <p class="sub chat-empty">{t('chat.empty')}</p>;
  return (
    <div class="chat-lines" ref={list} role="log" tabIndex={0} aria-label={t('chat.title', { name })}>
      {state.chat.map((line) => {
        const own = line.from === 'seller';
        return (
          <div key={line.at + line.from} class={classes('chat-line', own && 'own')}>
            <p class="fine">
              {own ? t('chat.you') : name} <time dateTime={line.at}>{clock(line.at)}</time>
            </p>
            <p class="chat-text" dir="auto">
              {line.text}
            </p>
          </div>
        );
      })}
    </div>
  );
}

function Write({ visit, room, name }: { visit: Visit; room: string; name: string }) {
  const [text, setText] = useDraft(`chat.${room}`);
  const [failed, setFailed] = useState(false);
  const send = async (event: Event) => {
    event.preventDefault();
    const line = text.trim();
    if (!line) return;
    setText('');
    setFailed(false);
    try {
      await visit.socket.request('chat', { text: line });
    } catch {
      setText((since) => since || line);
      setFailed(true);
    }
  };
  return (
    <form class="chat-write" onSubmit={(event) => void send(event)}>
      <label class="only-read" for="chat-text">
        {t('chat.label')}
      </label>
      <input
        id="chat-text"
        class="input"
        dir="auto"
        maxLength={longest}
        autocomplete="off"
        enterkeyhint="send"
        placeholder={t('chat.placeholder', { name })}
        value={text}
        data-testid="seller-chat-input"
        onInput={(event) => setText(event.currentTarget.value)}
      />
      <Button kind="primary" type="submit" icon={SendHorizontal} iconSize={20} label={t('chat.send')} data-testid="seller-chat-send" />
      {failed && (
        <p class="field-error" role="alert">
          {t('chat.notSent')}
        </p>
      )}
    </form>
  );
}
