import { signal } from '@preact/signals';

const polite = signal('');
const urgent = signal('');

/** Lets a screen reader say something when there is a pause. */
export function say(text: string): void {
  polite.value = text;
}

/** Lets a screen reader say something at once. */
export function warn(text: string): void {
  urgent.value = text;
}

/** The two places that screen readers listen to. They are there from the start, so that they are heard. */
export function Announcer() {
  return (
    <>
      <div class="only-read" aria-live="polite">
        {polite}
      </div>
      <div class="only-read" aria-live="assertive">
        {urgent}
      </div>
    </>
  );
}
