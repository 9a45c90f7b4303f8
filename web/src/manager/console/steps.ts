import type { StepView } from '../../protocol';
import type { Desk } from '../compare/desk';
import type { Session } from './session';

/** show makes a step the current one and turns the desk to it. */
export function show(session: Session, desk: Desk, step: string): void {
  desk.follow();
  if (step !== 'COMPARE') desk.tab.value = 'document';
  if (session.state?.step !== step) void session.ask('step', { step });
}

/** take asks for a clip or a photo into a slot. */
export async function take(session: Session, slot: string, kind: 'clip' | 'photo'): Promise<void> {
  await session.ask('capture', { slot, kind }, kind);
}

/** resultOf says what came of a step; one that is done leads to the next. */
export async function resultOf({ session, desk, step }: { session: Session; desk: Desk; step: StepView }, result: string, reason = ''): Promise<void> {
  const at = session.state?.steps.findIndex((each) => each.step === step.step) ?? -1;
  if (!(await session.ask('step_result', reason ? { step: step.step, result, reason } : { step: step.step, result }))) return;
  if (result === 'done' && at >= 0) onTo(session, desk, at + 1);
}

/** redo opens the current step again, where it is one that the manager says done. */
export function redo(session: Session, desk: Desk): void {
  const step = session.state?.steps.find((each) => each.step === session.state?.step);
  if (step?.result) void resultOf({ session, desk, step }, 'open');
}

/** capture takes a still into a slot and shows it beside the filed document. */
export async function capture(session: Session, desk: Desk, slot: string): Promise<void> {
  if (session.state?.steps.find((step) => step.step === slot)?.kind !== 'capture') return;
  if (await session.ask('capture', { slot })) desk.follow();
}

/** Kinds of steps of which the manager says what came of them; the others tell by themselves. */
const told = ['feature', 'challenge', 'question'];

/** next says that the current step is done, where that is the manager's to say, and goes on to the one after it. */
export function next(session: Session, desk: Desk): void {
  const state = session.state;
  const at = state?.steps.findIndex((step) => step.step === state.step) ?? -1;
  const step = state?.steps[at];
  if (!step) return;
  if (step.done) onTo(session, desk, at + 1);
  else if (told.includes(step.kind)) void resultOf({ session, desk, step }, 'done');
}

function onTo(session: Session, desk: Desk, at: number): void {
  const following = session.state?.steps[at];
  if (!following) return;
  show(session, desk, following.step);
  if (following.step === 'COMPARE') desk.tab.value = 'face';
}
