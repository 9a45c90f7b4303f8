// Generated from calls/protocol by go generate; don't edit.

export type Role = 'seller' | 'manager' | 'auditor';

export type Code = 'bad_sdp' | 'code_over' | 'code_wrong' | 'conflict' | 'forbidden' | 'internal' | 'link_expired' | 'link_unknown' | 'locked' | 'malformed' | 'needs_allow' | 'needs_code' | 'needs_notice' | 'no_key_frame' | 'no_video' | 'no_vp8' | 'not_a_picture' | 'not_found' | 'not_stored' | 'record_damaged' | 'room_cancelled' | 'slot_taken' | 'too_large' | 'too_many' | 'unauthorized' | 'unavailable' | 'wrong_state';

export const Slots = ['FACE', 'DOC_FRONT', 'DOC_BACK', 'FACE_WITH_DOC'] as const;

export const Items = ['face', 'name', 'number', 'birth_date'] as const;

export const FaceFeatures = ['face_shape', 'face_hairline', 'face_forehead', 'face_eyebrows', 'face_eyes', 'face_nose_bridge', 'face_nose_tip', 'face_mouth', 'face_chin', 'face_ears', 'face_marks', 'face_overall'] as const;

export const Commands = ['flip', 'torch', 'zoom'] as const;

export const Decisions = ['same', 'different', 'not_visible'] as const;

export const Verdicts = ['pass', 'recapture', 'refer', 'fail', 'abort'] as const;

export const Reasons = ['Q_BLUR', 'Q_GLARE', 'Q_DARK', 'Q_CROPPED', 'Q_FRAMERATE', 'Q_AUDIO', 'D_TYPE_NOT_ACCEPTED', 'D_EXPIRED', 'D_DAMAGED', 'D_COPY_OR_SCREEN', 'D_MRZ_CHECKDIGIT', 'D_FEATURE_FAIL', 'M_NAME', 'M_DOB', 'M_NUMBER', 'M_ADDRESS', 'M_FACE_DOUBT', 'M_AUTHORITY', 'C_PROMPTING', 'C_THIRD_PERSON', 'C_REFUSED_STEP', 'P_NO_CONSENT', 'P_CODE_FAIL', 'P_DISCONNECT', 'P_RETRY_CAP', 'P_RECORDER_GAP', 'P_AGENT_FAULT'] as const;

export const Flags = ['S_COERCION', 'S_SUSPECTED_INJECTION', 'S_FRAUD'] as const;

export const StepKinds = ['capture', 'feature', 'challenge', 'question', 'code', 'compare'] as const;

export const SkipReasons = ['not_on_document', 'seller_cannot', 'not_visible', 'technical'] as const;

/** Admit lets the waiting seller in (manager). */
export interface Admit {
}

/** AllowDevice lets another device of the seller take the call over (manager). */
export interface AllowDevice {
  allow: boolean;
}

/** Answer carries the SDP answer, with all candidates. */
export interface Answer {
  sdp: string;
}

/** Bye says that the server ends this connection politely. */
export interface Bye {
  /** "server_stopping", "call_over" */
  cause: string;
}

/** Capture asks for a picture in a slot (manager). The answer to a frame is "ok" when it is stored and in the ledger, to a clip when its some 5 s are over; to a photo it comes at once, and how it goes on is in the state. */
export interface Capture {
  slot: string;
  /** "frame" (also if empty), "clip" or "photo" */
  kind?: string;
}

/** CaptureView is one still; its bytes are at /api/manager/rooms/{id}/stills/{sha256}.webp. */
export interface CaptureView {
  slot: string;
  sha256: string;
  width: number;
  height: number;
  at: string;
  /** id of the recording that holds the frame */
  recording: string;
  /** its number in the recording's frame index */
  frame: number;
  /** why the document can't be read: "dark", "glare", "blur", "small", "cropped" */
  hint?: string;
  /** of a document */
  legible?: Legible;
}

/** Chat is a line of text to everybody in the call. */
export interface Chat {
  text: string;
}

/** ChatLine is one line of the chat. */
export interface ChatLine {
  at: string;
  from: Role;
  text: string;
}

/** CheckCode is the code that the seller enters in the call (seller). The answer is "ok" when it is the one that was sent and that stands in the ledger. */
export interface CheckCode {
  /** six digits */
  code: string;
}

/** ClipView is a stretch of a recording, from key frame to key frame. After the seal the auditor's desk plays it. */
export interface ClipView {
  slot: string;
  /** of its first frame */
  at: string;
  /** its length */
  ms: number;
  recording: string;
  /** its first frame's number in the recording's frame index */
  from: number;
  /** its last frame's */
  to: number;
}

/** CodeView is how it stands with the code that the seller enters in the call. */
export interface CodeView {
  /** when the last one was */
  sent: string;
  /** it can be entered until then */
  until: string;
  /** from when on another one can be sent */
  again: string;
  /** tries */
  left: number;
  /** the right one was entered */
  done: boolean;
}

/** Command has the seller's device do something (manager), where the device said that it can. The seller sees it, and can take it back. */
export interface Command {
  /** one of Commands */
  act: string;
  /** of "torch" */
  on?: boolean;
  /** of "zoom": magnification, 1 is none */
  zoom?: number;
}

/** Compare records what the manager saw by eye for one item. */
export interface Compare {
  item: string;
  decision: string;
  /** what the manager read on the document */
  typed?: string;
}

/** CompareView is what was decided for one item. */
export interface CompareView {
  item: string;
  /** empty while open */
  decision: string;
  typed?: string;
}

/** Crop marks a region of a still (manager). It is kept as the rectangle and the still's digest, nothing is cut out. */
export interface Crop {
  /** SHA-256 of the still, hex */
  still: string;
  /** pixels of the still, from its left edge */
  x: number;
  /** from its upper edge */
  y: number;
  width: number;
  height: number;
}

/** CropView is a region of a still, in the still's pixels. */
export interface CropView {
  slot: string;
  /** SHA-256 of the still */
  still: string;
  x: number;
  y: number;
  width: number;
  height: number;
  at: string;
}

/** Device says what the seller's device can do and does (seller), again whenever that changes. */
export interface Device {
  /** a full-resolution photo beside the running camera */
  photo: boolean;
  /** there is a camera on its other side */
  flip?: boolean;
  /** its lamp can be switched */
  torch?: boolean;
  /** largest magnification, 0 where there is none */
  zoom?: number;
  /** the open camera: "user", "environment", empty where unknown */
  facing?: string;
  /** the lamp is on */
  lit?: boolean;
  /** magnification now */
  zoomed?: number;
}

/** Do is a command of the manager to the seller's device. */
export interface Do {
  /** one of Commands */
  act: string;
  /** of "torch" */
  on?: boolean;
  /** of "zoom": magnification, 1 is none */
  zoom?: number;
}

/** Document is a filed picture, or a PDF; its bytes are at /api/manager/rooms/{id}/documents/{sha256}. */
export interface Document {
  /** "id_front", "id_back", "other" */
  kind: string;
  sha256: string;
  mime: string;
  /** 0 of a PDF */
  width: number;
  height: number;
}

/** End ends the call, from either side. */
export interface End {
}

/** Error answers a client message that was refused, or (without re) says why the connection is about to close. Code is one of the closed set in errors.go. */
export interface Error {
  code: Code;
  /** plain words, English */
  message: string;
  retryable: boolean;
}

/** Flag is a silent flag, never shown to the seller. */
export interface Flag {
  code: string;
  text?: string;
}

/** Health is sent once a second to staff in a call: each published track as the server receives it. */
export interface Health {
  tracks: TrackHealth[];
}

/** Hello is the first message of a connection, within 10 s. Tab is random, made by the page and kept for its life: the same tab coming back resumes, another tab of the same browser takes over, another device has to be allowed. Nonce is the seller's share in drawing the plan: 16 random bytes in lower-case hex, of which the first that a room gets counts. Without it the server makes one and the ledger says so. */
export interface Hello {
  tab: string;
  nonce?: string;
}

/** Legible is what was measured of a captured document, see docs/legibility.md. */
export interface Legible {
  /** luma of the paper, 0 to 255 */
  bright: number;
  /** ‰ burnt out by glare */
  burnt: number;
  /** tenths of a pixel from black to white */
  edge: number;
}

/** Missing is one thing that keeps pass locked. */
export interface Missing {
  /** "capture", "code", "compare", "different", "coverage", "notice", "features", "plan", "step", "failed", "skipped" */
  code: string;
  item?: string;
  /** of "coverage": the ‰ of the call that the profile wants recorded */
  need?: number;
}

/** Mute tells the others that the sender's microphone or camera is off or on. */
export interface Mute {
  /** "audio" or "video" */
  kind: string;
  off: boolean;
}

/** Note is a note of staff about the room, never shown to the seller. */
export interface Note {
  text: string;
}

/** NoteView is a note or a silent flag. */
export interface NoteView {
  at: string;
  code?: string;
  text: string;
}

/** Notice is a person's answer to the notice about the recording. Until it was given with agree nothing of that person is recorded. */
export interface Notice {
  /** of the text shown, one that the server knows: "2026-11" */
  version: string;
  /** language it was shown in, BCP 47 */
  language: string;
  agree: boolean;
}

/** OK answers a client message that was done. */
export interface OK {
}

/** Offer carries a complete SDP offer (RFC 3264). The answer carries all candidates; there is no trickle. It comes from a new PeerConnection, unless restart says that it restarts ICE (RFC 8445 section 9) on the one that the server knows, after the network has changed. */
export interface Offer {
  sdp: string;
  /** refused with "wrong_state" where the server has none */
  restart?: boolean;
}

/** Outcome is what the seller reads after the verdict. */
export interface Outcome {
  verdict: string;
  reasons: string[];
  repeat: string[];
  line?: string;
  /** bundle digest, hex, once sealed */
  digest?: string;
}

/** Person is one side of the call. */
export interface Person {
  role: Role;
  name: string;
  /** its WebSocket is open */
  connected: boolean;
  /** its media transport is up */
  media: boolean;
  /** "", "agreed", "declined", "withdrawn" */
  notice: string;
  audioOff: boolean;
  videoOff: boolean;
  /** IANA */
  zone: string;
  uplink: number;
}

/** Photo asks the seller's page for a full-resolution photo. Its digest must be announced before the deadline and before any of its bytes are sent. */
export interface Photo {
  /** 128 random bits, hex */
  nonce: string;
  slot: string;
  /** until the announcement must be here */
  seconds: number;
}

/** PhotoAnnounce says that the photo asked for was taken, before any of it is uploaded (seller). The answer is "ok" when that stands in the ledger; then the bytes go to POST /api/seller/photo/{nonce}. */
export interface PhotoAnnounce {
  /** of the photo message */
  nonce: string;
  /** of the file's bytes, hex */
  sha256: string;
  /** bytes, at most MaxPhoto */
  size: number;
}

/** PhotoFailed says that the device took no photo (seller). */
export interface PhotoFailed {
  nonce: string;
}

/** PhotoProgress says how the photo that was asked for goes on. */
export interface PhotoProgress {
  slot: string;
  /** "asked", "sending", "storing", "failed" */
  phase: string;
  received: number;
  /** 0 until it was announced */
  size: number;
  /** plain words, when it failed */
  why?: string;
}

/** PhotoView is one photo of the sensor; a copy without its metadata is at /api/manager/rooms/{id}/photos/{sha256}. It is not from the stream: Frame is the stream's frame at the time of the shutter. */
export interface PhotoView {
  slot: string;
  /** of the original bytes */
  sha256: string;
  mime: string;
  width: number;
  height: number;
  /** when it was announced */
  at: string;
  /** the stream's frame beside it */
  frame: CaptureView;
}

/** Quality is how the media fare by the page's own figures (getStats), each 5 s while its media are up. Those of a live call are kept in the record. */
export interface Quality {
  /** how the media go: "udp", "tcp", "relay", or "" while unknown */
  path: string;
  /** at most 6: in and out, picture and sound; out has one for each layer of the picture */
  tracks: TrackQuality[];
}

/** Recorder is sent once a second to staff while a call is recorded. */
export interface Recorder {
  tracks: TrackStatus[];
}

/** Relay is a TURN server (RFC 8656) for networks that pass nothing but TLS, with the receiver's own credentials, good for half an hour at least; the fields are RTCIceServer's. */
export interface Relay {
  urls: string[];
  username: string;
  credential: string;
}

/** Reoffer asks the page to make a new offer on a new PeerConnection. */
export interface Reoffer {
}

/** Replaced says that another tab or device has taken the call over; the connection closes with 4001 and must not reconnect by itself. */
export interface Replaced {
  /** "tab" or "device" */
  by: string;
}

/** RoomView is the room as both sides may know it. */
export interface RoomView {
  id: string;
  state: string;
  /** UTC */
  at: string;
  /** the seller's, IANA */
  zone: string;
  language: string;
  /** type of the seller's, as profiles name it: "passport"; "other" where none is known */
  document: string;
  /** its size by ISO/IEC 7810: "ID-1", "ID-2", "ID-3" */
  format: string;
  test: boolean;
  /** why interrupted, ended or aborted */
  cause?: string;
}

/** SendCode has a six-digit code mailed to the seller (manager); when the first was sent, the seller can ask for another one too. */
export interface SendCode {
}

/** Staff is the part of State that no seller ever gets. */
export interface Staff {
  /** changes that the server keeps while its store is away */
  unstored?: number;
  /** field name → value as filed */
  application: Record<string, string>;
  documents: Document[];
  /** oldest first */
  captures: CaptureView[];
  /** oldest first */
  clips: ClipView[];
  /** oldest first */
  photos: PhotoView[];
  /** oldest first */
  crops: CropView[];
  /** the one under way, or the last that failed */
  photo?: PhotoProgress;
  /** the seller's device can take one now */
  canPhoto: boolean;
  /** captures that a slot may have, 0: as many as wanted */
  tries: number;
  /** what it can do, all false while it isn't here */
  device: Device;
  compare: CompareView[];
  notes: NoteView[];
  flags: NoteView[];
  /** what locks pass; empty when open */
  missing: Missing[];
  /** there is an address that a code can be mailed to */
  canCode: boolean;
  /** another device of the seller asks to take over */
  newDevice: boolean;
}

/** State is everything the page shows, as seen by its role. The server sends it after hello and again whenever something in it changes; Rev rises by one each time. Fields marked staff are absent for a seller. */
export interface State {
  rev: number;
  /** by the server's clock when it was sent: a device's own may be wrong */
  now: string;
  room: RoomView;
  you: Person;
  /** the other side, once known */
  peer?: Person;
  /** current step of the plan */
  step: string;
  steps: StepView[];
  /** oldest first, at most 200 */
  chat: ChatLine[];
  recording: boolean;
  /** once a code was sent in the call */
  code?: CodeView;
  liveSince?: string;
  /** seconds that a lost side has to come back */
  grace: number;
  /** while interrupted */
  graceEnds?: string;
  /** after the verdict, words of the seller's page */
  outcome?: Outcome;
  /** the TURN server, where there is one */
  relay?: Relay;
  /** staff */
  staff?: Staff;
}

/** Step makes a step of the plan the current one (manager); the seller's page shows its instruction. */
export interface Step {
  step: string;
}

/** StepResult says what came of a feature, a challenge or a question (manager); "open" takes it back. */
export interface StepResult {
  step: string;
  result: string;
  /** of "skipped", one of SkipReasons */
  reason?: string;
}

/** StepView is one step of the plan. The plan is drawn when the seller's page joins first; until then there are no steps. A seller gets the code and kind of the current step and of those done; of the others that they are there. */
export interface StepView {
  step: string;
  kind: string;
  done: boolean;
  /** staff; of a feature, challenge or question */
  result?: string;
  /** staff; of one skipped */
  reason?: string;
}

/** TrackHealth is one published track, over the last second. */
export interface TrackHealth {
  participant: Role;
  /** "audio" or "video" */
  kind: string;
  /** pixels; 0 of sound */
  width: number;
  height: number;
  fps: number;
  kbps: number;
  /** per mille of the packets, after repair */
  loss: number;
  /** ms between server and participant, 0 while unknown */
  rtt: number;
  /** ms */
  jitter: number;
  /** ms that the picture stood still */
  frozen: number;
  /** recorded time per mille of live time, 0 while nothing is recorded */
  coverage: number;
  /** that the other side is sent: "f" full, "q" a quarter; empty where there is one only */
  layer: string;
}

/** TrackQuality is one track as a page sees it, over the time since the last report. */
export interface TrackQuality {
  /** "in" or "out" */
  direction: string;
  /** "audio" or "video" */
  kind: string;
  /** RTP stream id of a simulcast layer */
  layer?: string;
  /** pixels; 0 of sound */
  width: number;
  height: number;
  fps: number;
  kbps: number;
  /** per mille of the packets */
  loss: number;
  /** ms, 0 while unknown */
  rtt: number;
  /** ms */
  jitter: number;
  /** ms that the picture stood still */
  frozen: number;
}

/** TrackStatus is the recorder's light for one track. */
export interface TrackStatus {
  participant: Role;
  /** "audio" or "video" */
  kind: string;
  bytes: number;
  /** recorded time per mille of live time */
  coverage: number;
  gaps: number;
  /** of the newest gap */
  cause?: string;
  /** while nothing can be stored: "disk_full", "disk_fails", "disk_silent", "store_silent" */
  failing?: string;
}

/** Verdict decides the room (manager). In a live call it ends the call first. */
export interface Verdict {
  verdict: string;
  /** at least one unless pass */
  reasons?: string[];
  /** slots to repeat, recapture only */
  repeat?: string[];
  /** optional words to the seller */
  line?: string;
}

/** Withdraw takes the sender's consent back: recording of that person stops at once (seller). */
export interface Withdraw {
}

export interface ClientMessages {
  admit: Admit;
  allow_device: AllowDevice;
  capture: Capture;
  chat: Chat;
  check_code: CheckCode;
  command: Command;
  compare: Compare;
  crop: Crop;
  device: Device;
  end: End;
  flag: Flag;
  hello: Hello;
  mute: Mute;
  note: Note;
  notice: Notice;
  offer: Offer;
  photo_announce: PhotoAnnounce;
  photo_failed: PhotoFailed;
  quality: Quality;
  send_code: SendCode;
  step: Step;
  step_result: StepResult;
  verdict: Verdict;
  withdraw: Withdraw;
}

export interface ServerMessages {
  answer: Answer;
  bye: Bye;
  do: Do;
  error: Error;
  health: Health;
  ok: OK;
  photo: Photo;
  recorder: Recorder;
  reoffer: Reoffer;
  replaced: Replaced;
  state: State;
}
