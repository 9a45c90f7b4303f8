import { Check, FileText, IdCard, Lock, ScanLine, TriangleAlert, type LucideIcon } from 'lucide-preact';
import { useState } from 'preact/hooks';
import { ApiError, get, post } from '../shared/api';
import { lumaOf, measure, type Cause } from '../shared/legibility';
import { useLoad } from '../shared/load';
import { Button, Icon, Strip } from '../shared/ui';
import { say } from './Announcer';
import example from './example.svg';
import { Comfort, Screen } from './Screen';
import { t } from './text';
import type { Visit } from './visit';

/** A document that was sent; its picture is never sent back. */
export interface Filed {
  kind: Kind;
  sha256: string;
  /** 0 of a PDF. */
  width: number;
  height: number;
}

const kinds = ['id_front', 'id_back', 'other'] as const;
export type Kind = (typeof kinds)[number];

/** The kinds that are asked for of a type of document: a passport has no back. */
export const kindsOf = (type: string | undefined): readonly Kind[] => (type === 'passport' ? kinds.filter((kind) => kind !== 'id_back') : kinds);

/** What the seller has sent, and whether more can be sent. */
export const filed = (signal?: AbortSignal) => get<{ documents: Filed[]; open: boolean }>('/api/seller/documents', signal);

const largest = 5 << 20; // bytes, the server's limit
const pictures = ['image/jpeg', 'image/png'];
const pdf = 'application/pdf';

/** What can be sent: of the ID a picture, for it is looked at beside the video. */
const taken = (kind: Kind) => (kind === 'other' ? [...pictures, pdf] : pictures);

/** What is said of a document that arrived. */
const arrived = ({ width, height }: Pick<Filed, 'width' | 'height'>) => (width ? t('documents.done', { width, height }) : t('documents.donePdf'));
const icons: Record<Kind, LucideIcon> = { id_front: IdCard, id_back: ScanLine, other: FileText };

/** Pictures of the documents, sent before the call: each is looked at here before it is sent. */
export function Documents({ visit }: { visit: Visit }) {
  const list = useLoad('documents', filed);
  const [sent, setSent] = useState<Filed[] | null>(null);
  const documents = sent ?? list.value?.documents ?? [];
  const type = visit.socket.state.value?.room.document;
  const back = () => (visit.progress.value = 'welcome');
  return (
    <Screen
      title={t('title.documents')}
      heading={t('documents.title')}
      back={back}
      testid="seller-documents"
      dock={
        <>
          <Button kind="primary" wide data-testid="seller-documents-done" onClick={back}>{t('documents.ready')}</Button>
          <Comfort>{t('documents.kept')}</Comfort>
        </>
      }
    >
      <h1 class="only-read">{t('documents.title')}</h1>
      <p class="lead">{t('documents.lead')}</p>
      {list.fault && !list.value && <Strip tone="danger" icon={TriangleAlert} title={list.fault.message} urgent action={<Button kind="link" onClick={list.reload}>{t('booking.again')}</Button>} />}
      {list.value && !list.value.open && <Strip tone="warn" icon={Lock} title="">{t('documents.closed')}</Strip>}
      <ul class="card rows">
        {kindsOf(type).map((kind) => (
          <Place key={kind} kind={kind} name={t(`documents.${kind === 'id_front' && type === 'passport' ? 'id_page' : kind}`)} there={documents.find((each) => each.kind === kind)} open={list.value ? list.value.open : !list.fault} known={!!list.value} onSent={setSent} />
        ))}
      </ul>
      <section class="card fact-row">
        <Icon of={IdCard} size={24} class="accent" />
        <div>
          <h2 class="strong">{t('documents.bring')}</h2>
          <ul class="sub bring-list" data-testid="seller-bring-list">
            {bringFor(type).map((line) => <li key={line}>{line}</li>)}
          </ul>
        </div>
      </section>
      <figure class="card document-example">
        <img src={example} width={320} height={200} alt="" loading="lazy" />
        <figcaption class="sub">{t('documents.example')}</figcaption>
      </figure>
    </Screen>
  );
}

const documentTypes = ['passport', 'id_card', 'driving_licence', 'residence_permit'] as const;

/** What to have ready for a document of a type; for one of a deployment's own what fits all. */
function bringFor(type: string | undefined): string[] {
  return [...t(`documents.bringFor.${documentTypes.find((each) => each === type) ?? 'other'}`).split('|'), t('documents.light')];
}

type PlaceProps = { kind: Kind; name: string; there: Filed | undefined; open: boolean; known: boolean; onSent: (documents: Filed[]) => void };

function Place({ kind, name, there, open, known, onSent }: PlaceProps) {
  const [at, setAt] = useState<'checking' | 'sending' | ''>('');
  const [unclear, setUnclear] = useState<{ file: File; cause: Cause } | null>(null);
  const [wrong, setWrong] = useState('');
  const send = async (file: File) => {
    setUnclear(null);
    setAt('sending');
    try {
      const { documents } = await post<{ documents: Filed[] }>('/api/seller/documents', { kind, data: await base64(file) });
      onSent(documents);
      say(arrived(documents.find((each) => each.kind === kind) ?? { width: 0, height: 0 }));
    } catch (cause) {
      const refused = cause instanceof ApiError && cause.code === 'not_a_picture';
      setWrong(refused && file.type === pdf ? t('documents.pdf') : cause instanceof ApiError ? cause.message : String(cause));
    }
    setAt('');
  };
  const pick = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    input.value = '';
    if (!file) return;
    setWrong('');
    setUnclear(null);
    if (!taken(kind).includes(file.type)) return setWrong(t(kind === 'other' ? 'documents.formatOther' : 'documents.format'));
    if (file.size > largest) return setWrong(t('documents.large'));
    setAt('checking');
    const cause = kind === 'other' ? '' : await readable(file, kind === 'id_front').catch(() => 'format' as const);
    if (cause === 'format') {
      setAt('');
      return setWrong(t('documents.format'));
    }
    if (cause) {
      setAt('');
      return setUnclear({ file, cause });
    }
    await send(file);
  };
  return (
    <li class="row" data-testid={`seller-document-${kind}`} data-there={!!there}>
      <Icon of={icons[kind]} size={24} class="row-icon" />
      <div class="row-text">
        <h2 class="strong">{name}</h2>
        <p class="sub">{at ? t(`documents.${at}`) : there ? arrived(there) : t(`documents.${kind}Hint`)}</p>
        {unclear && <p class="document-unclear" role="alert">{t(`documents.unclear.${unclear.cause as 'dark'}`)}</p>}
        {wrong && <p class="field-error" role="alert">{wrong}</p>}
        {open && (
          <p class="document-acts">
            <label class="button secondary">
              <span>{there || unclear ? t('documents.again') : t(kind === 'other' ? 'documents.pickOther' : 'documents.pick')}</span>
              <input class="only-read" type="file" accept={taken(kind).join()} disabled={!!at || !known} onChange={(event) => void pick(event.currentTarget)} />
            </label>
            {unclear && <Button kind="ghost" data-testid={`seller-document-${kind}-keep`} onClick={() => void send(unclear.file)}>{t('documents.keep')}</Button>}
          </p>
        )}
      </div>
      {at ? <span class="ring" aria-hidden="true" /> : there && <span class="row-mark"><Icon of={Check} size={16} /><span class="only-read">{t('check.ok')}</span></span>}
    </li>
  );
}

const looked = 1600; // px of the looked-at picture's longer side

/** Why the print of a picture can't be read, by the same measures as in the call; '' if it can. */
async function readable(file: File, zone: boolean): Promise<Cause> {
  const picture = await createImageBitmap(file);
  const scale = Math.min(1, looked / Math.max(picture.width, picture.height));
  const canvas = document.createElement('canvas');
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  const context = canvas.getContext('2d')!;
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  picture.close();
  const { cause } = measure(lumaOf(context.getImageData(0, 0, canvas.width, canvas.height)), zone);
  return cause === 'cropped' ? '' : cause; // a scan is cut at the edges of the card
}

async function base64(file: File): Promise<string> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  let text = '';
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return btoa(text);
}
