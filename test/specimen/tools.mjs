// The programs that the tests call; each can be named by a variable.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const exec = promisify(execFile);

export const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

/**
 * Runs a program and gives its code, output and error output; never throws for
 * a non-zero code, always for a program that is missing.
 */
export async function run(program, args, options = {}) {
  try {
    const { stdout, stderr } = await exec(program, args, { maxBuffer: 64 << 20, ...options });
    return { code: 0, stdout, stderr };
  } catch (err) {
    if (typeof err.code !== 'number') throw err;
    return { code: err.code, stdout: err.stdout, stderr: err.stderr };
  }
}

/** Runs a program that has to succeed and gives its output. */
export async function must(program, args, options) {
  const done = await run(program, args, options);
  if (done.code !== 0) throw new Error(`${program} ${args.join(' ')}: code ${done.code}\n${done.stderr}`);
  return done.stdout;
}
