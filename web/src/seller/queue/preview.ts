import { useEffect, useRef, useState } from 'preact/hooks';
import { CameraError, openCamera } from '../../shared/camera';

/** The own picture while waiting: nothing of it leaves the device. */
export interface Preview {
  stream: MediaStream | null;
  fault: CameraError | null;
  opening: boolean;
  open: () => void;
}

/** usePreview opens the camera by itself where it was allowed before, and lets go of it with the screen. */
export function usePreview(): Preview {
  const [stream, setStream] = useState<MediaStream | null>(null);
  const [fault, setFault] = useState<CameraError | null>(null);
  const [opening, setOpening] = useState(false);
  const life = useRef({ over: false });
  const open = async () => {
    setOpening(true);
    try {
      const made = await openCamera();
      if (life.current.over) return stop(made);
      setFault(null);
      setStream(made);
    } catch (cause) {
      if (!life.current.over) setFault(cause instanceof CameraError ? cause : new CameraError('busy', 'both', { cause }));
    } finally {
      if (!life.current.over) setOpening(false);
    }
  };
  useEffect(() => {
    life.current = { over: false };
    void allowed().then((yes) => {
      if (yes && !life.current.over) void open();
    });
    return () => void (life.current.over = true);
  }, []);
  useEffect(() => () => stop(stream), [stream]);
  return { stream, fault, opening, open: () => void open() };
}

function stop(stream: MediaStream | null): void {
  for (const track of stream?.getTracks() ?? []) track.stop();
}

async function allowed(): Promise<boolean> {
  const asked = await navigator.permissions?.query({ name: 'camera' as PermissionName }).catch(() => null); // not every browser says
  return asked?.state === 'granted';
}
