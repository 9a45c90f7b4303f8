import { ArrowRight, Ban, Check, Keyboard, LogIn, LogOut, UserRound, RefreshCw, X, type LucideIcon } from 'lucide-preact';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { post } from './api';
import { staffLanguages, t } from './i18n';
import { setSingleKeys, singleKeys } from './hotkeys';
import type { VerdictWord } from './room';
import { onLink } from './route';
import { Badge, Button, Dialog, Icon, LanguageChoice, classes, type Tone } from './ui';
import '../styles/staff.css';

const verdicts: Record<VerdictWord, { tone?: Tone; icon: LucideIcon }> = {
  pass: { tone: 'ok', icon: Check },
  recapture: { tone: 'warn', icon: RefreshCw },
  refer: { tone: 'accent', icon: ArrowRight },
  fail: { tone: 'danger', icon: X },
  abort: { icon: Ban },
};

/** A verdict in its colour, with its icon and word. */
export function VerdictBadge({ verdict, children }: { verdict: VerdictWord; children: ComponentChildren }) {
  const { tone, icon } = verdicts[verdict] ?? verdicts.abort;
  return (
    <Badge icon={icon} {...(tone ? { tone } : {})}>
      {children}
    </Badge>
  );
}

/** A place of a console that its rail leads to. */
export interface Place {
  href: string;
  name: string;
  icon: LucideIcon;
}

type RailProps = {
  places: Place[];
  /** The place that is shown, by its address. */
  at: string;
  name: string;
  role: 'manager' | 'auditor' | 'operator';
  words: { keys: string; signOut: string };
  onKeys?: () => void;
};

/** The rail of a console: sign, places, keys, who is signed in, the language. */
export function Rail({ places, at, name, role, words, onKeys }: RailProps) {
  const [open, setOpen] = useState(false);
  const signOut = () =>
    void post<{ next?: string }>('/api/signout', { role }).then(
      ({ next }) => location.assign(next?.startsWith('http') ? next : '/'), // of the provider that has begun the session
      () => location.assign('/'),
    );
  return (
    <nav class="rail" aria-label={places.find((place) => place.href === at)?.name}>
      <Sign />
      <ul class="rail-places">
        {places.map((place) => (
          <li key={place.href}>
            <a class="rail-place" href={place.href} aria-current={place.href === at ? 'page' : undefined} aria-label={place.name} title={place.name} onClick={onLink}>
              <Icon of={place.icon} size={20} />
            </a>
          </li>
        ))}
      </ul>
      <span class="rail-rest" />
      {onKeys && <Button kind="ghost" class="rail-button" icon={Keyboard} iconSize={20} label={words.keys} onClick={onKeys} />}
      <div class="rail-person" onKeyDown={(event) => event.key === 'Escape' && setOpen(false)}>
        <button type="button" class="avatar" aria-expanded={open} title={name} data-testid="rail-person" onClick={() => setOpen(!open)}>
          <span aria-hidden="true">{initials(name)}</span>
          <span class="only-read">{name}</span>
        </button>
        {open && (
          <div class="rail-menu card">
            <p class="rail-name">{name}</p>
            <LanguageChoice offered={staffLanguages} />
            <a class="button ghost wide" href={`/account?role=${role}`} data-testid="rail-account">
              <Icon of={UserRound} />
              <span>{t('account')}</span>
            </a>
            <Button kind="ghost" icon={LogOut} wide onClick={signOut}>
              {words.signOut}
            </Button>
          </div>
        )}
      </div>
    </nav>
  );
}

/** The product's sign alone. */
export function Sign() {
  return (
    <span class="brand sign">
      <svg viewBox="0 0 22 18" aria-hidden="true" focusable="false">
        <rect width="22" height="18" rx="4.5" />
        <path d="M6.2 9.2 9.6 12.4 15.8 5.8" />
      </svg>
    </span>
  );
}

function initials(name: string): string {
  const words = name.split(/\s+/).filter(Boolean);
  return [words[0], words.length > 1 ? words.at(-1) : ''].map((word) => Array.from(word ?? '')[0] ?? '').join('').toUpperCase();
}

export interface KeyGroup {
  title?: string;
  keys: [keys: string, what: string][];
}

type KeysProps = { title: string; line: string; single: string; singleLine: string; groups: KeyGroup[]; onClose: () => void };

/** The list of hotkeys, with the switch that turns single keys off. */
export function KeysDialog({ title, line, single, singleLine, groups, onClose }: KeysProps) {
  return (
    <Dialog title={title} onClose={onClose} class="keys">
      <p class="quiet">{line}</p>
      <div class="keys-groups">
        {groups.map((group) => (
          <section key={group.title}>
            {group.title && <h3>{group.title}</h3>}
            <dl>
              {group.keys.map(([keys, what]) => (
                <div key={keys}>
                  <dt>{keys.split(' ').map((key) => <kbd class="key" key={key}>{key}</kbd>)}</dt>
                  <dd>{what}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
      <label class="check">
        <input type="checkbox" checked={singleKeys.value} onChange={(event) => setSingleKeys(event.currentTarget.checked)} />
        <span>
          {single}
          <span class="quiet">{singleLine}</span>
        </span>
      </label>
    </Dialog>
  );
}

type BlankProps = { icon: LucideIcon; title: string; line?: string | undefined; children?: ComponentChildren; tone?: 'danger' | undefined; /** It is all that the page has: its title is the page's heading. */ whole?: boolean };

/** One sentence and the next action, for what is empty or failed. */
export function Blank({ icon, title, line, children, tone, whole }: BlankProps) {
  const Title = whole ? 'h1' : 'p';
  return (
    <div class={classes('blank', tone)} role={tone === 'danger' ? 'alert' : undefined}>
      <Icon of={icon} size={24} />
      <Title class="blank-title">{title}</Title>
      {line && <p class="quiet">{line}</p>}
      {children}
    </div>
  );
}

/** Instead of a page while it isn't known who looks. */
export function Grey() {
  return (
    <main class="whole grey-whole" aria-busy="true">
      <h1 class="only-read">{t('loading')}</h1>
      <span class="bar-grey" /><span class="bar-grey" /><span class="bar-grey" />
    </main>
  );
}

/** Instead of a page for which nobody is signed in. */
export function SignedOut({ title, line }: { title: string; line: string }) {
  return (
    <main class="whole">
      <Blank whole icon={LogIn} title={title} line={line}>
        <a class="button primary" href="/signin">
          {t('signIn')}
        </a>
      </Blank>
    </main>
  );
}

/** A button that copies a text and says so. */
export function CopyButton({ text, words, bar, ...rest }: { text: string; words: [copy: string, copied: string]; bar?: boolean; 'data-testid'?: string }) {
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    await copyText(text);
    setCopied(true);
    setTimeout(() => setCopied(false), 2000);
  };
  return (
    <Button {...rest} {...(bar ? { bar } : {})} {...(copied ? { icon: Check } : {})} onClick={() => void copy()}>
      <span role="status">{words[copied ? 1 : 0]}</span>
    </Button>
  );
}

/** The clipboard needs a secure page; on a plain one the old way still works. */
async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = document.createElement('textarea');
    area.value = text;
    (document.querySelector('dialog[open]') ?? document.body).append(area);
    area.select();
    document.execCommand('copy');
    area.remove();
  }
}
