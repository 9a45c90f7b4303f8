const ahead = 15 * 60_000; // ms before the appointment that the call can be gone to

/** near says whether an appointment is so near, or past, by the server's clock, that the seller may go to the call. */
export function near(at: string, now: number): boolean {
  return Date.parse(at) - now <= ahead;
}

/** opens is when the call can be gone to. */
export function opens(at: string): Date {
  return new Date(Date.parse(at) - ahead);
}
