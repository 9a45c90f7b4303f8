import { Ban, CircleCheck, EyeOff, Flag, Inbox, RefreshCw, ShieldCheck, Sun, TriangleAlert, WifiOff, X, ZoomIn, Check, CircleX, Lock, BellDot, type LucideIcon } from 'lucide-preact';
import { Blank, VerdictBadge } from '../shared/staff';
import { Badge, Button, Field, Icon, Pill, RecDot, Strip, classes, type Tone } from '../shared/ui';
import { names, t } from './text';
import { Part } from './Tokens';

const states = ['rest', 'hover', 'focus', 'pressed', 'disabled', 'loading'] as const;

/** Buttons of all kinds in all states. */
export function Buttons() {
  return (
    <Part title={t('buttons')}>
      <table class="states">
        <thead>
          <tr>
            <td />
            {states.map((state) => (
              <th scope="col" key={state}>{t(`state.${state}`)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names('kind').map((kind) => (
            <tr key={kind}>
              <th scope="row">{t(`kind.${kind}`)}</th>
              {states.map((state) => (
                <td key={state}>
                  <Button kind={kind} class={`show-${state}`} disabled={state === 'disabled'} busy={state === 'loading'} {...(kind === 'ghost' && state === 'rest' ? { hotkey: '?' } : {})} {...(kind === 'ghost' && ['focus', 'pressed', 'disabled'].includes(state) ? { icon: ZoomIn, label: t('act.zoom') } : {})}>
                    {kind === 'ghost' && ['focus', 'pressed', 'disabled'].includes(state) ? undefined : t(`act.${kind}`)}
                  </Button>
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </Part>
  );
}

/** Fields in all states. */
export function Inputs() {
  return (
    <Part title={t('inputs')}>
      <div class="fields">
        <Field label={t('state.rest')} hint={t('input.hint')}>{(control) => <input {...control} class="input" placeholder={t('input.search')} />}</Field>
        <Field label={t('state.focus')} hint={t('input.count')}>{(control) => <input {...control} class="input show-focus" value={t('input.typed')} />}</Field>
        <Field label={t('state.filled')} hint={t('input.byYou')}>{(control) => <input {...control} class="input" value={t('input.number')} />}</Field>
        <Field label={t('state.error')} error={t('input.missing')}>{(control) => <input {...control} class="input" value={t('input.short')} />}</Field>
        <Field label={t('state.disabled')} hint={t('input.why')}>{(control) => <input {...control} class="input" disabled placeholder={t('input.opens')} />}</Field>
        <Field label={t('state.loading')} hint={t('input.takes')}>
          {(control) => (
            <span class="input-busy">
              <input {...control} class="input" readOnly value={t('input.checking')} />
              <span class="ring" aria-hidden="true" />
            </span>
          )}
        </Field>
      </div>
    </Part>
  );
}

const verdicts = [['pass', 'pass'], ['recapture', 'repeat'], ['refer', 'refer'], ['fail', 'fail'], ['abort', 'abort']] as const;

/** States in a word: badges and pills. */
export function Badges() {
  return (
    <Part title={t('badges')}>
      <p class="wrap">
        {verdicts.map(([verdict, word]) => <VerdictBadge verdict={verdict} key={word}>{t(`badge.${word}`)}</VerdictBadge>)}
        <Badge tone="staff" icon={Flag}>{t('badge.staff')}</Badge>
        <Badge tone="line">{t('badge.clip')}</Badge>
        <Badge tone="danger"><RecDot />{t('badge.recording')}</Badge>
        <Badge icon={EyeOff} class="plain">{t('badge.blind')}</Badge>
        <kbd class="key">Space</kbd>
      </p>
      <p class="wrap">
        <Pill tone="ok" icon={CircleCheck}>{t('badge.ok')}</Pill>
        <Pill tone="warn" icon={Sun}>{t('badge.warn')}</Pill>
        <Pill tone="accent" icon={RefreshCw}>{t('badge.trying')}</Pill>
        <Pill tone="danger" icon={X}>{t('badge.fail')}</Pill>
        <Pill icon={Ban}>{t('badge.abort')}</Pill>
      </p>
    </Part>
  );
}

type RowLook = { state: string; mark: LucideIcon | string; tone?: Tone; name: string; end?: string };

/** Rows of a list in all states. */
export function Rows() {
  const rows: RowLook[] = [
    { state: 'rest', mark: Check, tone: 'ok', name: t('row.person'), end: t('row.at') },
    { state: 'hover', mark: '4', name: t('row.back') },
    { state: 'current', mark: '3', name: t('row.front'), end: t('row.retakes') },
    { state: 'focus', mark: '5', name: t('row.hologram'), end: t('badge.clip') },
    { state: 'error', mark: CircleX, tone: 'danger', name: t('row.ink') },
    { state: 'loading', mark: '', name: '' },
    { state: 'locked', mark: Lock, name: t('row.verdict'), end: t('row.missing') },
  ];
  return (
    <Part title={t('rows')}>
      <ul class="card design-rows">
        {rows.map(({ state, mark, tone, name, end }) => (
          <li key={state} class={`show-${state}`}>
            <span class={classes('design-mark', tone && `tone-${tone}`, typeof mark === 'string' && mark && 'number')}>
              {state === 'loading' ? <span class="ring" aria-hidden="true" /> : typeof mark === 'string' ? mark : <Icon of={mark} size={14} />}
            </span>
            {state === 'loading' ? <span class="bar-grey" /> : <span class="design-name">{name}</span>}
            {state === 'error' ? <span class="design-end"><span class="bad">{t('row.notSaved')}</span> <b>{t('row.again')}</b></span> : <span class="design-end figures">{end}</span>}
            <span class="design-state">{t(`state.${state as 'rest'}`)}</span>
          </li>
        ))}
      </ul>
    </Part>
  );
}

/** News in one line. */
export function Messages() {
  const all: [Tone, LucideIcon][] = [['ok', ShieldCheck], ['warn', WifiOff], ['danger', TriangleAlert], ['accent', BellDot], ['staff', EyeOff]];
  return (
    <Part title={t('messages')}>
      <div class="stack">
        {all.map(([tone, icon]) => (
          <Strip tone={tone} icon={icon} title={t(`message.${tone as 'ok'}`)} key={tone}>{t(`message.${tone as 'ok'}Line`)}</Strip>
        ))}
      </div>
    </Part>
  );
}

/** What stands where nothing is yet. */
export function Loading() {
  return (
    <Part title={t('loading')}>
      <div class="two">
        <div class="card greys" aria-hidden="true"><span class="bar-grey" /><span class="bar-grey" /><span class="bar-grey" /></div>
        <div class="card"><Blank icon={Inbox} title={t('blank.title')} line={t('blank.line')} /></div>
      </div>
    </Part>
  );
}

/** The seller's sizes; light even in a dark console. */
export function SellerParts() {
  return (
    <Part title={t('seller')} line={t('sellerLine')}>
      <div class="seller-parts" data-theme="light" data-density="roomy">
        <Button kind="primary" wide>{t('dock.go')}</Button>
        <Button wide class="equal">{t('dock.no')}</Button>
        <p class="seller-comfort">{t('dock.comfort')}</p>
      </div>
    </Part>
  );
}
