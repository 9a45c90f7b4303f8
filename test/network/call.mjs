// A call of two real browsers over an impaired network, and what their pages
// measure of it.
import { start, startAt, pause } from '../product/server.mjs';
import { DESK, PHONE, context, launch, open } from '../product/browser.mjs';
import * as step from '../product/steps.mjs';
import { cardFilm, faceFilm } from '../specimen/film.mjs';
import { SERVER } from './machines.mjs';
import { network, RELAYED } from './network.mjs';

/**
 * Both in a live call. conditions hold from the start; height is the seller's
 * camera's. Ends by close().
 */
export async function call({ conditions = {}, height = 720, admitted = true } = {}) {
  const server = await start('--public-ip', RELAYED);
  const net = await network(server.ports[1]);
  net.set(conditions);
  const browsers = [await launch(await faceFilm(360)), await launch(await cardFilm(height))];
  return {
    ...(await meet(server, browsers, { net, admitted })), net,
    async close() {
      await Promise.all(browsers.map((each) => each.close()));
      net.close();
      await server.stop();
      await server.remove();
    },
  };
}

/** The same between machines (see machines.mjs), whose networks the test arranges; before is done before the seller comes. */
export async function callBetween(machines, before = async () => {}) {
  const server = await startAt(`https://${SERVER}`, ...machines.settings);
  const trusting = ['--ignore-certificate-errors'];
  const browsers = [await launch(await faceFilm(360), trusting), await launch(await cardFilm(360), trusting, machines.chromium)];
  const close = async () => {
    await Promise.all(browsers.map((each) => each.close()));
    await server.stop();
    await server.remove();
  };
  try {
    await before();
    return { ...(await meet(server, browsers, { admitted: true })), close };
  } catch (err) {
    await close();
    throw err;
  }
}

async function meet(server, browsers, { net, admitted }) {
  const manager = await open(await context(browsers[0], DESK));
  const seller = await open(await context(browsers[1], PHONE));
  for (const page of [manager, seller]) await page.addInitScript(keepPeers);
  net?.for('manager');
  await step.signIn(manager, server.lines.manager, '/manager');
  const { link, room } = await step.makeRoom(manager);
  await step.openConsole(manager);
  await step.managerJoins(manager);
  await connected(manager);
  net?.for('seller');
  await step.toWaiting(seller, link);
  await connected(seller);
  if (admitted) await step.admit(manager, seller);
  return { server, manager, seller, room };
}

/** In the page: every RTCPeerConnection is kept, to be asked for its figures, when the last one connected and when ICE was restarted. */
function keepPeers() {
  window.peers = [];
  window.RTCPeerConnection = class extends window.RTCPeerConnection {
    constructor(...args) {
      super(...args);
      window.peers.push(this);
      this.addEventListener('connectionstatechange', () => {
        if (this.connectionState === 'connected') window.connectedAt = performance.now();
      });
    }

    restartIce() {
      window.restarts = [...(window.restarts ?? []), performance.now()];
      super.restartIce();
    }
  };
}

const connected = (page) => page.waitForFunction(() => window.peers?.at(-1)?.connectionState === 'connected');

/** Figures of the page's connection, one object by each RTP stream: "in.video", "out.audio", "out.video.f", and "pair". */
export function figures(page) {
  return page.evaluate(async () => {
    const found = {};
    for (const s of (await window.peers.at(-1).getStats()).values()) {
      if (s.type === 'inbound-rtp') found[`in.${s.kind}`] = s;
      if (s.type === 'outbound-rtp') found[['out', s.kind, s.rid].filter(Boolean).join('.')] = s;
      if (s.type === 'candidate-pair' && s.nominated) found.pair = s;
      if (s.type === 'remote-inbound-rtp') found[`remote.${s.kind}`] = s;
    }
    return found;
  });
}

/**
 * Watches the page's remote picture: from now on each frame that is shown is
 * noted. The answer's read() gives [{ at, width, came }…] with at and the arrival of its last packet in ms of the page's clock.
 */
export async function watchFrames(page, testid) {
  await page.evaluate((id) => {
    window.shown = [];
    const video = document.querySelector(`[data-testid="${id}"]`);
    const note = (now, { width, receiveTime }) => {
      window.shown.push({ at: now, width, came: receiveTime });
      video.requestVideoFrameCallback(note);
    };
    video.requestVideoFrameCallback(note);
  }, testid);
  return {
    now: () => page.evaluate(() => performance.now()),
    read: () => page.evaluate(() => window.shown),
  };
}

/** The longest time without a new frame within from..to, ms. */
export function longestFreeze(frames, from, to) {
  const times = [from, ...frames.map((f) => f.at).filter((at) => at > from && at < to), to];
  return Math.max(...times.slice(1).map((at, i) => at - times[i]));
}

/** Prints one line of figures, as benchmarks do. */
export const print = (name, figures) => console.log(JSON.stringify({ name, ...figures }));

/** A stretch of a stream: what came and what was lost between two figures of it. */
export function lossOf(before, after) {
  const lost = Math.max(0, after.packetsLost - before.packetsLost);
  const received = after.packetsReceived - before.packetsReceived;
  return (100 * lost) / Math.max(1, lost + received);
}

export { pause };
