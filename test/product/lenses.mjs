// A phone of several cameras, played to a page: the browser's own test picture under the names and sides of lenses.

/** What a phone of three lenses at the back tells of itself; the last can't be opened. */
export const phoneOfLenses = [
  { deviceId: 'front', label: 'camera2 1, facing front', facingMode: 'user' },
  { deviceId: 'main', label: 'camera2 0, facing back', facingMode: 'environment' },
  { deviceId: 'tele', label: 'Back Telephoto Camera', facingMode: 'environment' },
  { deviceId: 'broken', label: 'Back Ultra Wide Camera', facingMode: 'environment', broken: true },
];

/** Has a page find these cameras; globalThis.openedLenses names those that it opened. */
export function playLenses(page, lenses = phoneOfLenses) {
  return page.addInitScript((all) => {
    const devices = navigator.mediaDevices;
    const real = devices.getUserMedia.bind(devices);
    globalThis.openedLenses = [];
    devices.enumerateDevices = async () => all.map(({ deviceId, label }) => ({ kind: 'videoinput', deviceId, groupId: '', label }));
    devices.getUserMedia = async (wish) => {
      const { deviceId, facingMode, ...size } = wish.video ?? {};
      const lens = all.find((one) => (deviceId ? one.deviceId === deviceId.exact : one.facingMode === facingMode)) ?? (deviceId ? undefined : all[0]);
      if (!lens) throw new DOMException('no such camera', 'OverconstrainedError');
      if (lens.broken) throw new DOMException('could not start', 'NotReadableError');
      globalThis.openedLenses.push(lens.deviceId);
      const stream = await real({ ...wish, ...(wish.video && { video: size }) });
      for (const track of stream.getVideoTracks()) {
        const settings = track.getSettings.bind(track);
        track.getSettings = () => ({ ...settings(), deviceId: lens.deviceId, facingMode: lens.facingMode });
      }
      return stream;
    };
  }, lenses);
}
