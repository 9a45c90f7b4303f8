import type { Photo } from '../protocol';

/** How a full-resolution photo is taken beside the running camera; '' where it can't be. */
export type PhotoWay = 'still' | 'constraints' | '';

const shutterTime = 8000; // ms that a device may take
const chunk = 256 << 10; // bytes of one request
const uploadTime = 110_000; // ms; the server gives 2 minutes
const retryTime = 1000; // ms

/**
 * wayOf says how a track's camera can take a photo. The camera is never opened anew for it: on iOS that ends the live
 * track.
 */
export function wayOf(track: MediaStreamTrack | undefined): PhotoWay {
  if (!track || track.readyState !== 'live' || !isSecureContext) return '';
  if ('ImageCapture' in globalThis && 'takePhoto' in ImageCapture.prototype) return 'still';
  const most = track.getCapabilities?.().width?.max ?? 0;
  return most > 1.2 * (track.getSettings().width ?? Infinity) ? 'constraints' : '';
}

/** takePhoto gives a photo as large as the camera makes it, on the same track. */
export async function takePhoto(track: MediaStreamTrack): Promise<Blob> {
  if (wayOf(track) === 'still') {
    try {
      return await within(shutterTime, new ImageCapture(track).takePhoto());
    } catch {
      // Some cameras offer it and refuse; the other way may work.
    }
  }
  return within(shutterTime, largestFrame(track));
}

/** Raises the track's size for one frame. */
async function largestFrame(track: MediaStreamTrack): Promise<Blob> {
  const { width, height } = track.getCapabilities?.() ?? {};
  const before = track.getConstraints();
  if (!width?.max || !height?.max) throw new Error('the camera has no larger picture');
  try {
    await track.applyConstraints({ ...before, width: { ideal: width.max }, height: { ideal: height.max } });
    return await frameOf(track);
  } finally {
    await track.applyConstraints(before).catch(() => undefined);
  }
}

async function frameOf(track: MediaStreamTrack): Promise<Blob> {
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.srcObject = new MediaStream([track]);
  try {
    await video.play();
    const canvas = document.createElement('canvas');
    canvas.width = video.videoWidth;
    canvas.height = video.videoHeight;
    canvas.getContext('2d')!.drawImage(video, 0, 0);
    return await new Promise<Blob>((resolve, reject) => canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error('no picture'))), 'image/jpeg', 0.95));
  } finally {
    video.srcObject = null;
  }
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer = 0;
  const late = new Promise<never>((_, reject) => (timer = window.setTimeout(() => reject(new Error('the camera took too long')), ms)));
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** digest gives the SHA-256 of bytes in hex. */
export async function digest(bytes: BufferSource): Promise<string> {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return [...sum].map((each) => each.toString(16).padStart(2, '0')).join('');
}

/** upload sends the announced bytes in pieces, and after a loss goes on where they ended. */
export async function upload(photo: Photo, bytes: ArrayBuffer): Promise<void> {
  const path = `/api/seller/photo/${photo.nonce}`;
  const end = Date.now() + uploadTime;
  let at = 0;
  while (at < bytes.byteLength && Date.now() < end) {
    try {
      const answer = await fetch(path, {
        method: 'POST',
        headers: { 'Content-Type': 'application/octet-stream', 'Upload-Offset': String(at) },
        body: bytes.slice(at, at + chunk),
      });
      if (answer.ok) {
        at = ((await answer.json()) as { received: number }).received;
        continue;
      }
      if (answer.status !== 409 && answer.status < 500) throw new Refused();
    } catch (cause) {
      if (cause instanceof Refused) throw cause;
    }
    await new Promise((resolve) => setTimeout(resolve, retryTime));
    at = await arrived(path).catch(() => at);
  }
}

class Refused extends Error {}

async function arrived(path: string): Promise<number> {
  const answer = await fetch(path);
  if (answer.status >= 400 && answer.status < 500) throw new Refused();
  return ((await answer.json()) as { received: number }).received;
}
