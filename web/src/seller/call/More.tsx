import { PhoneOff, Video, VideoOff } from 'lucide-preact';
import { Button, Dialog } from '../../shared/ui';
import { LensPick } from '../LensPick';
import { t } from '../text';
import type { Visit } from '../visit';

/** What is needed seldom: lens, zoom, camera off, leaving. */
export function More({ visit, onLeave, onClose }: { visit: Visit; onLeave: () => void; onClose: () => void }) {
  const { zoom, zoomed } = visit.abilities.value;
  const off = visit.media.videoOff.value;
  return (
    <Dialog
      title={t('call.more')}
      class="below"
      onClose={onClose}
      actions={
        <>
          <Button wide class="equal" icon={off ? Video : VideoOff} iconSize={20} data-testid="seller-camera" onClick={() => visit.media.setMuted('video', !off)}>
            {off ? t('call.cameraOn') : t('call.camera')}
          </Button>
          <Button kind="danger" wide icon={PhoneOff} iconSize={20} data-testid="seller-leave" onClick={onLeave}>
            {t('call.leave')}
          </Button>
        </>
      }
    >
      <LensPick visit={visit} />
      {zoom > 1 && (
        <label class="zoom">
          <span class="strong">
            {t('call.zoom')} <span class="sub figures">{t('call.zoomTimes', { times: zoomed.toFixed(1) })}</span>
          </span>
          <input type="range" min={1} max={Math.min(8, zoom)} step={0.1} value={zoomed} data-testid="seller-zoom" onInput={(event) => void visit.setZoom(event.currentTarget.valueAsNumber)} />
        </label>
      )}
    </Dialog>
  );
}
