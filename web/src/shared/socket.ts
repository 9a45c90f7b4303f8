import { batch, signal, type Signal } from '@preact/signals';
import type { Answer, ClientMessages, ServerMessages, State } from '../protocol';
import { faultWords, newKey, problem, type FaultCode } from './api';
import { ofTab } from './kept';
import { serverNow, setClock } from './times';

/** Where the connection stands. After 'replaced' and 'closed' it never comes back by itself. */
export type SocketStatus = 'connecting' | 'open' | 'lost' | 'replaced' | 'closed';

/** A refusal of a message, or of the connection; message is in plain words. */
export class ServerError extends Error {
  constructor(
    readonly code: FaultCode,
    override readonly message: string,
    readonly retryable: boolean,
  ) {
    super(message);
    this.name = 'ServerError';
  }
}

/** Called for each message of a type, after the signals are set. */
export type Handlers = { [T in keyof ServerMessages]?: (message: ServerMessages[T]) => void };

type Reply = { resolve: (value: unknown) => void; reject: (cause: ServerError) => void };
type Replies = { offer: Answer };
type ReplyTo<T> = T extends keyof Replies ? Replies[T] : void;

const sleepTime = 5000; // ms out of sight after which the connection is doubted
const wakeTime = 2500; // ms for the server's answer then
const firstWait = 250; // ms before the first try to come back
const longestWait = 2000; // ms; a call must be back within 3 s of the network
const answerTime = 20_000; // ms until a request without an answer counts as lost
const closeReplaced = 4001;

/** Close codes that say: don't come back (1000 goodbye, 1008 and 1009 our fault, 44xx refused). */
const final = new Set([1000, 1008, 1009, 4401, 4403, 4404, 4409, 4410]);

/**
 * CallSocket is the one place that speaks the protocol: it says hello, keeps the latest State, pairs answers with
 * requests and comes back after a loss with the same tab id, so that the server gives the same place again.
 */
export class CallSocket {
  readonly status: Signal<SocketStatus> = signal<SocketStatus>('connecting');
  readonly state: Signal<State | null> = signal<State | null>(null);
  /** Why the server refused or closed the connection. */
  readonly fault: Signal<ServerError | null> = signal<ServerError | null>(null);
  /** Who took the call over: "tab" or "device". */
  readonly replacedBy: Signal<string> = signal('');
  /** Cause of the server's goodbye, for example "server_stopping". */
  readonly goodbye: Signal<string> = signal('');
  /** Time of the next try after a loss by the server's clock, ms since the epoch; 0 while connected or trying. */
  readonly nextTry: Signal<number> = signal(0);

  private socket: WebSocket | null = null;
  private replies = new Map<string, Reply>();
  private wait = firstWait;
  private timer = 0;
  private silent = 0; // timer of a connection that has not answered yet
  private lastID = 0;
  private hiddenAt = 0; // ms since the epoch

  constructor(
    private readonly path: string,
    private readonly handlers: Handlers = {},
  ) {
    addEventListener('online', this.retryNow);
    addEventListener('offline', this.offline);
    addEventListener('visibilitychange', this.wake); // it comes up from the document
    this.connect();
  }

  /** Sends a message without asking for an answer; it is dropped while there is no connection. */
  send<T extends keyof ClientMessages>(t: T, d: ClientMessages[T]): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify({ t, d }));
  }

  /** Sends a message and waits for "ok" (or the "answer" to an offer); throws ServerError. */
  request<T extends keyof ClientMessages>(t: T, d: ClientMessages[T]): Promise<ReplyTo<T>> {
    const socket = this.socket;
    if (socket?.readyState !== WebSocket.OPEN) return Promise.reject(lostError());
    const id = `c${++this.lastID}`;
    return new Promise<ReplyTo<T>>((resolve, reject) => {
      const late = setTimeout(() => this.settle(id)?.reject(lostError()), answerTime);
      this.replies.set(id, {
        resolve: (value) => (clearTimeout(late), resolve(value as ReplyTo<T>)),
        reject: (cause) => (clearTimeout(late), reject(cause)),
      });
      socket.send(JSON.stringify({ t, id, d }));
    });
  }

  /** Tries at once instead of after the wait. */
  readonly retryNow = (): void => {
    if (this.status.value !== 'lost' || !this.timer) return;
    clearTimeout(this.timer);
    this.connect();
  };

  /**
   * A device that slept has often lost its connection without being told: in sight again, the page asks whether the
   * server still answers, and comes back at once where it doesn't.
   */
  private readonly wake = (): void => {
    if (document.hidden) {
      this.hiddenAt = Date.now();
      return;
    }
    if (this.status.peek() === 'lost') return this.retryNow();
    if (this.hiddenAt && Date.now() - this.hiddenAt >= sleepTime) this.doubt(wakeTime);
  };

  /** A device without a network keeps its connections, and hears nothing. */
  private readonly offline = (): void => this.doubt(wakeTime);

  /** Asks whether the server still answers, and comes back on a new connection where it doesn't within so many ms. */
  doubt(patience: number): void {
    const socket = this.socket;
    if (this.status.peek() !== 'open') return;
    const late = setTimeout(() => this.abandon(socket), patience);
    const answered = () => clearTimeout(late);
    this.request('quality', { path: '', tracks: [] }).then(answered, answered);
  }

  /** Treats a connection as lost that says nothing more; its own close may take minutes. */
  private abandon(socket: WebSocket | null): void {
    if (!socket || this.socket !== socket) return;
    this.socket = null;
    socket.close();
    this.rejectAll();
    this.comeBack();
    this.retryNow(); // it is the connection that was lost, not the server
  }

  /** Takes the call back after 'replaced', or tries again after 'closed'. */
  reopen(): void {
    if (this.status.value !== 'replaced' && this.status.value !== 'closed') return;
    batch(() => {
      this.state.value = null;
      this.fault.value = null;
      this.replacedBy.value = '';
      this.goodbye.value = '';
      this.status.value = 'connecting';
    });
    this.connect();
  }

  /** Ends the connection for good. */
  close(): void {
    removeEventListener('online', this.retryNow);
    removeEventListener('offline', this.offline);
    removeEventListener('visibilitychange', this.wake);
    clearTimeout(this.timer);
    clearTimeout(this.silent);
    this.status.value = 'closed';
    this.socket?.close(1000);
    this.socket = null;
    this.rejectAll();
  }

  private connect(): void {
    this.timer = 0;
    this.nextTry.value = 0;
    const socket = new WebSocket(this.path.replace(/^\//, `${location.origin.replace(/^http/, 'ws')}/`));
    let opened = false;
    this.socket = socket;
    clearTimeout(this.silent);
    this.silent = window.setTimeout(() => this.abandon(socket), answerTime); // a network that goes away meanwhile tells nobody
    socket.onopen = () => {
      opened = true;
      socket.send(JSON.stringify({ t: 'hello', d: { tab, nonce } }));
    };
    socket.onmessage = (event) => {
      if (this.socket === socket) this.receive(String(event.data));
    };
    socket.onclose = (event) => {
      if (this.socket !== socket) return;
      clearTimeout(this.silent);
      this.socket = null;
      this.rejectAll();
      if (opened) this.ended(event.code);
      else void this.probe();
    };
  }

  private receive(frame: string): void {
    clearTimeout(this.silent);
    const { t, re, d } = JSON.parse(frame) as { t: keyof ServerMessages; re?: string; d: unknown };
    if (re) {
      const reply = this.settle(re);
      if (t === 'error') reply?.reject(toError(d as ServerMessages['error']));
      else reply?.resolve(d);
      return;
    }
    batch(() => this.note(t, d));
    (this.handlers[t] as ((message: unknown) => void) | undefined)?.(d);
  }

  /** Keeps what a message says about the connection or the call. */
  private note(t: keyof ServerMessages, d: unknown): void {
    switch (t) {
      case 'state':
        this.state.value = setClock(d as State);
        this.status.value = 'open';
        this.fault.value = null;
        this.wait = firstWait;
        break;
      case 'error':
        this.fault.value = toError(d as ServerMessages['error']);
        break;
      case 'replaced':
        this.replacedBy.value = (d as ServerMessages['replaced']).by;
        this.status.value = 'replaced';
        break;
      case 'bye':
        this.goodbye.value = (d as ServerMessages['bye']).cause;
        break;
    }
  }

  private ended(code: number): void {
    if (this.status.value === 'replaced' || code === closeReplaced) {
      this.status.value = 'replaced';
    } else if (final.has(code) && this.goodbye.value !== 'server_stopping') {
      this.status.value = 'closed';
    } else {
      this.comeBack();
    }
  }

  /** A refused upgrade has no readable reason in a browser; a plain request to the same path has. */
  private async probe(): Promise<void> {
    try {
      const answer = await fetch(this.path, { credentials: 'same-origin' });
      if (answer.headers.get('Content-Type')?.includes('problem+json')) {
        const refusal = await problem(answer);
        if ([401, 403, 404, 410].includes(answer.status)) {
          batch(() => {
            this.fault.value = new ServerError(refusal.code, refusal.message, refusal.retryable);
            this.status.value = 'closed';
          });
          return;
        }
      }
    } catch {
      // not reachable: a loss like any other
    }
    if (this.status.value !== 'closed') this.comeBack();
  }

  private comeBack(): void {
    batch(() => {
      this.status.value = 'lost';
      this.nextTry.value = serverNow() + this.wait;
    });
    this.timer = window.setTimeout(() => this.connect(), this.wait);
    this.wait = Math.min(longestWait, this.wait * 2);
  }

  private settle(id: string): Reply | undefined {
    const reply = this.replies.get(id);
    this.replies.delete(id);
    return reply;
  }

  private rejectAll(): void {
    for (const id of [...this.replies.keys()]) this.settle(id)?.reject(lostError());
  }
}

function toError(d: ServerMessages['error']): ServerError {
  return new ServerError(d.code, faultWords(d.code, d.message), d.retryable);
}

function lostError(): ServerError {
  return new ServerError('network', faultWords('network'), true);
}

/** Random for each tab and kept through reloads, so that a reload resumes instead of taking over. */
const tab = ofTab.read('verifycall-tab') || newKey();
ofTab.write('verifycall-tab', tab);

/** This page's share in drawing the plan, 16 random bytes in hex; the server takes the first of a seller. */
const nonce = newKey();
