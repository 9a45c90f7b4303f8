/** Why camera or microphone can't be used; each has a fix of its own. */
export type CameraFault = 'denied' | 'absent' | 'busy' | 'insecure' | 'unsupported';

/** What openCamera throws. */
export class CameraError extends Error {
  constructor(
    readonly fault: CameraFault,
    /** The device that failed, where it is known. */
    readonly device: 'camera' | 'microphone' | 'both',
    options?: ErrorOptions,
  ) {
    super(`${device}: ${fault}`, options);
    this.name = 'CameraError';
  }
}

const size = { width: { ideal: 1280 }, height: { ideal: 720 }, frameRate: { ideal: 25 } };
const sound = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** Which camera: towards the person ('user') or away ('environment') as far as there is one, or the very one of a device id. */
export type CameraWish = { facing: 'user' | 'environment'; lens?: string | undefined };

/**
 * Opens camera and microphone, 1280×720 where the device can. A lens that is not there any more is left for one of its
 * side. Throws CameraError.
 */
export async function openCamera(wish: CameraWish = { facing: 'user' }): Promise<MediaStream> {
  if (!isSecureContext) throw new CameraError('insecure', 'both');
  if (!navigator.mediaDevices?.getUserMedia) throw new CameraError('unsupported', 'both');
  try {
    return await navigator.mediaDevices.getUserMedia({ video: pictureOf(wish), audio: sound });
  } catch (cause) {
    if (wish.lens && !refused(cause)) return openCamera({ facing: wish.facing });
    throw await explain(cause);
  }
}

/** Opens the camera alone, to change it in a call. Throws CameraError, also for a lens that is not there. */
export async function openVideo(wish: CameraWish): Promise<MediaStreamTrack> {
  try {
    const stream = await navigator.mediaDevices.getUserMedia({ video: pictureOf(wish) });
    return stream.getVideoTracks()[0]!;
  } catch (cause) {
    throw await explain(cause);
  }
}

function pictureOf({ facing, lens }: CameraWish): MediaTrackConstraints {
  return lens ? { ...size, deviceId: { exact: lens } } : { ...size, facingMode: facing };
}

function refused(cause: unknown): boolean {
  return cause instanceof DOMException && ['NotAllowedError', 'SecurityError'].includes(cause.name);
}

/** The devices that the browser tells of; labels come with the permission. */
export async function devicesThere(): Promise<MediaDeviceInfo[]> {
  return (await navigator.mediaDevices?.enumerateDevices().catch(() => [])) ?? [];
}

async function explain(cause: unknown): Promise<CameraError> {
  const name = cause instanceof DOMException ? cause.name : '';
  const options = { cause };
  switch (name) {
    case 'NotAllowedError':
    case 'SecurityError':
      return new CameraError('denied', await denied(), options);
    case 'NotFoundError':
    case 'OverconstrainedError':
      return new CameraError('absent', await absent(), options);
    case 'NotReadableError':
    case 'AbortError':
      return new CameraError('busy', 'both', options);
    case 'TypeError':
      return new CameraError('insecure', 'both', options);
    default:
      return new CameraError('busy', 'both', options);
  }
}

/** Which permission was refused; browsers that don't say count as both. */
async function denied(): Promise<'camera' | 'microphone' | 'both'> {
  const camera = await permission('camera');
  const microphone = await permission('microphone');
  if (camera === 'granted' && microphone !== 'granted') return 'microphone';
  if (microphone === 'granted' && camera !== 'granted') return 'camera';
  return 'both';
}

async function permission(name: string): Promise<string> {
  try {
    return (await navigator.permissions.query({ name: name as PermissionName })).state;
  } catch {
    return 'unknown';
  }
}

async function absent(): Promise<'camera' | 'microphone' | 'both'> {
  const devices = await devicesThere();
  const camera = devices.some((device) => device.kind === 'videoinput');
  const microphone = devices.some((device) => device.kind === 'audioinput');
  if (camera && !microphone) return 'microphone';
  if (microphone && !camera) return 'camera';
  return 'both';
}

/** Meters the loudness of a stream: calls show with 0 to 1 about 20 times a second, until the stop that it returns. */
export function soundLevel(stream: MediaStream, show: (level: number) => void): () => void {
  const context = new AudioContext();
  const analyser = context.createAnalyser();
  analyser.fftSize = 512;
  const samples = new Float32Array(analyser.fftSize);
  context.createMediaStreamSource(stream).connect(analyser);
  const timer = setInterval(() => {
    if (context.state === 'suspended') void context.resume();
    analyser.getFloatTimeDomainData(samples);
    const rms = Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length);
    show(Math.min(1, Math.sqrt(rms * 4)));
  }, 50);
  return () => {
    clearInterval(timer);
    void context.close();
  };
}
