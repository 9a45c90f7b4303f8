import { CircleDashed } from 'lucide-preact';
import type { State } from '../../protocol';
import { useNow } from '../../shared/now';
import { onLink } from '../../shared/route';
import { Sign } from '../../shared/staff';
import { bytes, city, clock, span, utcOffset } from '../../shared/times';
import { Badge, Button, RecDot } from '../../shared/ui';
import { DeskSwitch } from '../desk/DeskSwitch';
import type { OwnDesk } from '../desk/useDesk';
import { t } from '../text';
import type { Session } from './session';

type BarProps = { session: Session; state: State; name: string; zone: string; desk: OwnDesk; onKeys: () => void };

/** The console's bar: whose call, whether it is recorded, both clocks. */
export function Bar({ session, state, name, zone, desk, onKeys }: BarProps) {
  const now = useNow();
  const stored = session.tracks.value.reduce((sum, track) => sum + track.bytes, 0);
  const at = new Date(now);
  return (
    <header class="console-bar">
      <a class="bar-home" href="/manager" aria-label={t('bar.agenda')} title={t('bar.agenda')} onClick={onLink}><Sign /></a>
      <h1>{name}</h1>
      <code class="quiet">{state.room.id}</code>
      {state.room.test && <Badge tone="line">{t('bar.test')}</Badge>}
      <span class="bar-rule" />
      {state.recording ? (
        <Badge tone="danger" class="bar-recording figures"><RecDot /> {t('bar.recording')} {state.liveSince && <span>{span(now - Date.parse(state.liveSince))}</span>}</Badge>
      ) : (
        <Badge icon={CircleDashed}>{t('bar.notRecording')}</Badge>
      )}
      <span class="only-read" role="status">{state.recording ? t('bar.recording') : t('bar.notRecording')}</span>
      {stored > 0 && <span class="quiet figures bar-stored">{t('bar.stored', { size: bytes(stored) })}</span>}
      <span class="grow" />
      <p class="figures" title={`${zone} ${utcOffset(at, zone)}`}>{clock(at, zone)} {city(zone)}</p>
      {state.room.zone && city(state.room.zone) !== city(zone) && <p class="quiet figures" title={`${state.room.zone} ${utcOffset(at, state.room.zone)}`}>{clock(at, state.room.zone)} {city(state.room.zone)}</p>}
      <span class="bar-rule" />
      {!state.room.test && <DeskSwitch desk={desk} />}
      <Button kind="ghost" bar hotkey="?" onClick={onKeys}>{t('bar.keys')}</Button>
    </header>
  );
}
