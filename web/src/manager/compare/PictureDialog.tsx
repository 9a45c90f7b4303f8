import { useEffect, useRef } from 'preact/hooks';
import { Dialog } from '../../shared/ui';

/** One picture, large, with zoom and pan. */
export function PictureDialog({ title, url, onClose }: { title: string; url: string; onClose: () => void }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    let gone = false;
    let close = () => {};
    void import('./viewer').then(({ openViewer, pictureSource }) => {
      if (gone) return;
      const viewer = openViewer(place.current!);
      viewer.open(pictureSource(url));
      close = () => viewer.destroy();
    });
    return () => {
      gone = true;
      close();
    };
  }, [url]);
  return (
    <Dialog title={title} class="picture-dialog" onClose={onClose}>
      <div class="view"><div class="view-canvas" ref={place} /></div>
    </Dialog>
  );
}
