import { useEffect, useRef } from 'preact/hooks';
import { Dialog } from '../../shared/ui';
import { openViewer, pictureSource } from './viewer';

/** One picture, large, with zoom and pan. */
export function PictureDialog({ title, url, onClose }: { title: string; url: string; onClose: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const viewer = openViewer(place.current!);
    viewer.open(pictureSource(url));
    return () => viewer.destroy();
  }, [url]);
  return (
    <Dialog title={title} class="picture-dialog" onClose={onClose}>
      <div class="view"><div class="view-canvas" ref={place} /></div>
    </Dialog>
  );
}
