import { Globe, X, type LucideIcon } from 'lucide-preact';
import type { ComponentChildren, JSX } from 'preact';
import { useEffect, useId, useRef } from 'preact/hooks';
import { choose, language, ownName, t } from './i18n';

/** Joins class names, leaving out what is false or empty. */
export function classes(...names: (string | false | null | undefined)[]): string {
  return names.filter(Boolean).join(' ');
}

/** A lucide icon as decoration: its meaning always stands beside it as a word or an aria-label. */
export function Icon({ of: Of, size = 16, class: name }: { of: LucideIcon; size?: number; class?: string }) {
  return <Of size={size} strokeWidth={size > 16 ? 1.75 : 2} aria-hidden="true" focusable="false" class={name} />;
}

type ButtonProps = Omit<JSX.IntrinsicElements['button'], 'icon' | 'size' | 'label'> & {
  kind?: 'primary' | 'secondary' | 'danger' | 'ghost' | 'staff' | 'link';
  icon?: LucideIcon;
  iconSize?: number;
  /** Shows the turning ring and takes no second click. */
  busy?: boolean;
  /** Looks closed but keeps the focus; say why with aria-describedby. */
  locked?: boolean;
  /** A press while it is locked, for who says why only then. */
  onLocked?: () => void;
  wide?: boolean;
  /** Height of a bar, 28 instead of 32. */
  bar?: boolean;
  /** Icon alone: the name for screen readers, shown as a tooltip. */
  label?: string;
  hotkey?: string;
};

/** Button of all kinds; without children it is an icon button and needs label. */
export function Button(props: ButtonProps) {
  const { kind = 'secondary', icon, iconSize = 16, busy, locked, onLocked, wide, bar, label, hotkey, children, onClick, ...rest } = props;
  const alone = children === undefined;
  const refuse = (event: MouseEvent) => {
    event.preventDefault();
    if (!busy) onLocked?.();
  };
  return (
    <button
      type="button"
      aria-label={label}
      title={alone ? label : undefined}
      aria-busy={busy || undefined}
      aria-disabled={busy || locked || undefined}
      {...rest}
      class={classes('button', kind, wide && 'wide', bar && 'bar', alone && 'icon', rest.class as string)}
      onClick={busy || locked ? refuse : onClick}
    >
      {busy ? <span class="ring" aria-hidden="true" /> : icon && <Icon of={icon} size={iconSize} />}
      {!alone && <span>{children}</span>}
      {hotkey && <kbd class="key">{hotkey}</kbd>}
    </button>
  );
}

export type Tone = 'accent' | 'ok' | 'warn' | 'danger' | 'staff' | 'line';

type MarkProps = { tone?: Tone; icon?: LucideIcon; children: ComponentChildren; class?: string };

/** One state in a word; never wraps. */
export function Badge({ tone, icon, children, class: name }: MarkProps) {
  return (
    <span class={classes('badge', tone && `tone-${tone}`, name)}>
      {icon && <Icon of={icon} size={12} />}
      {children}
    </span>
  );
}

/** A round label, larger than a badge. */
export function Pill({ tone, icon, children, class: name }: MarkProps) {
  return (
    <span class={classes('pill', tone && `tone-${tone}`, name)}>
      {icon && <Icon of={icon} size={16} />}
      <span>{children}</span>
    </span>
  );
}

/** The red dot of a running recording. */
export function RecDot() {
  return <span class="dot rec" aria-hidden="true" />;
}

type StripProps = { tone: Tone; icon: LucideIcon; title: string; children?: ComponentChildren; action?: ComponentChildren; urgent?: boolean };

/** One line of news. urgent is read out at once (role alert), otherwise when there is a pause. */
export function Strip({ tone, icon, title, children, action, urgent }: StripProps) {
  return (
    <div class={`strip tone-${tone}`} role={urgent ? 'alert' : 'status'}>
      <Icon of={icon} />
      <p class="strip-text">
        <span class="strip-title">{title}</span>
        {children}
      </p>
      {action}
    </div>
  );
}

type FieldProps = {
  label: string;
  hint?: string | undefined;
  error?: string | undefined;
  /** Gets the id and the aria attributes for the control. */
  children: (control: { id: string; 'aria-describedby'?: string | undefined; 'aria-invalid'?: 'true' | undefined }) => ComponentChildren;
};

/** Label, control, hint and error, tied together. */
export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId();
  const described = [error && `${id}-error`, hint && `${id}-hint`].filter(Boolean).join(' ') || undefined;
  return (
    <div class="field">
      <label class="field-label" for={id}>
        {label}
      </label>
      {children({ id, 'aria-describedby': described, 'aria-invalid': error ? 'true' : undefined })}
      {error && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
      {hint && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

type DialogProps = { title: string; onClose: () => void; children: ComponentChildren; actions?: ComponentChildren; class?: string };

/** A modal dialog while it is rendered. Esc and the cross call onClose; focus goes back where it was. */
export function Dialog({ title, onClose, children, actions, class: name }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const before = document.activeElement;
    const dialog = box.current;
    dialog?.showModal();
    return () => {
      dialog?.close(); // while it is open the page behind takes no focus
      if (before instanceof HTMLElement) before.focus();
    };
  }, []);
  return (
    <dialog
      ref={box}
      class={classes('dialog', name)}
      aria-labelledby={id}
      onCancel={(event) => {
        event.preventDefault();
        onClose();
      }}
    >
      <div class="dialog-head">
        <h2 class="dialog-title" id={id}>
          {title}
        </h2>
        <Button kind="ghost" bar icon={X} label={t('close')} onClick={onClose} />
      </div>
      <div class="dialog-body">{children}</div>
      {actions && <footer class="dialog-actions">{actions}</footer>}
    </dialog>
  );
}

/** The product's sign and name. */
export function Brand({ href }: { href?: string }) {
  const inside = (
    <>
      <svg viewBox="0 0 22 18" aria-hidden="true" focusable="false">
        <rect width="22" height="18" rx="4.5" />
        <path d="M6.2 9.2 9.6 12.4 15.8 5.8" />
      </svg>
      <span>{t('product')}</span>
    </>
  );
  return href ? (
    <a class="brand" href={href}>
      {inside}
    </a>
  ) : (
    <span class="brand">{inside}</span>
  );
}

/** The choice of the page's language: the browser's own list under a sign and the short name. */
export function LanguageChoice({ offered }: { offered: readonly string[] }) {
  return (
    <label class="language">
      <Icon of={Globe} size={20} />
      <span aria-hidden="true">{language.toUpperCase()}</span>
      <select aria-label={t('language')} data-testid="language" value={language} onChange={(event) => void choose(event.currentTarget.value)}>
        {offered.map((tag) => (
          <option value={tag} key={tag} lang={tag}>
            {ownName(tag)}
          </option>
        ))}
      </select>
    </label>
  );
}

/** A text of the catalogue whose <b>…</b> parts are strong. */
export function Rich({ text }: { text: string }) {
  return <>{text.split(/<b>|<\/b>/).map((part, i) => (i % 2 ? <strong key={i}>{part}</strong> : part))}</>;
}

/** A video that plays a stream as long as it is there. */
export function StreamVideo({ stream, ...rest }: { stream: MediaStream | null } & JSX.IntrinsicElements['video']) {
  const video = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const box = video.current;
    if (!box || box.srcObject === stream) return;
    box.srcObject = stream;
    if (stream) void box.play().catch(() => undefined); // a browser that wants a tap first starts it then
  }, [stream]);
  return <video ref={video} autoplay playsinline {...rest} />;
}
