/**
 * Asks the other side for lost Opus packets again: browsers answer and send NACKs for audio where it was negotiated but
 * don't offer it (RFC 4585 section 4.2). The offer goes out like this and is set locally as the browser made it.
 */
export function withOpusNack(offer: string): string {
  const opus = /^a=rtpmap:(\d+) opus\/48000\/2\r?$/im.exec(offer)?.[1];
  if (!opus || new RegExp(`^a=rtcp-fb:${opus} nack\\r?$`, 'm').test(offer)) return offer;
  return offer.replace(new RegExp(`^a=rtpmap:${opus} .*$`, 'm'), (line) => `${line.trimEnd()}\r\na=rtcp-fb:${opus} nack${line.endsWith('\r') ? '\r' : ''}`);
}
