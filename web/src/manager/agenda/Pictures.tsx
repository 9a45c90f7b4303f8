import { ImagePlus, X } from 'lucide-preact';
import { useEffect, useState } from 'preact/hooks';
import { Button, Icon, classes } from '../../shared/ui';
import { t, word } from '../text';

/** A document picture that was chosen; data is base64 of the whole file. */
export interface Picture {
  kind: string;
  file: File;
  data: string;
}

const kinds = ['id_front', 'id_back', 'other'];
const largest = 5 << 20; // bytes, the server's limit

/** Three places for document pictures. Only what looks like a JPEG or PNG is taken. */
export function Pictures({ pictures, onChange }: { pictures: Picture[]; onChange: (pictures: Picture[]) => void }) {
  const others = (kind: string) => pictures.filter((picture) => picture.kind !== kind);
  return (
    <div class="pictures">
      {kinds.map((kind) => (
        <Place
          key={kind}
          kind={kind}
          picture={pictures.find((picture) => picture.kind === kind)}
          onPick={(picture) => onChange([...others(kind), picture].sort((a, b) => kinds.indexOf(a.kind) - kinds.indexOf(b.kind)))}
          onRemove={() => onChange(others(kind))}
        />
      ))}
    </div>
  );
}

type PlaceProps = { kind: string; picture: Picture | undefined; onPick: (picture: Picture) => void; onRemove: () => void };

function Place({ kind, picture, onPick, onRemove }: PlaceProps) {
  const [wrong, setWrong] = useState('');
  const url = useObjectURL(picture?.file);
  const label = word('kind', kind);
  const pick = async (input: HTMLInputElement) => {
    const file = input.files?.[0];
    input.value = '';
    if (!file) return;
    const fault = await faultOf(file);
    setWrong(fault);
    if (!fault) onPick({ kind, file, data: await base64(file) });
  };
  return (
    <div class="picture-place">
      <label class={classes('picture-drop', picture && 'filled')}>
        {url ? <img src={url} alt="" /> : <Icon of={ImagePlus} size={20} />}
        <input type="file" accept="image/jpeg,image/png" class="only-read" data-testid={`manager-new-${kind}`} onChange={(event) => void pick(event.currentTarget)} />
        <span>{label}</span>
        <span class="quiet">{picture ? t('newRoom.replacePicture') : t('newRoom.addPicture')}</span>
      </label>
      {picture && <Button kind="ghost" bar icon={X} class="picture-remove" label={`${t('newRoom.removePicture')}: ${label}`} onClick={onRemove} />}
      {wrong && <p class="field-error" role="alert">{wrong}</p>}
    </div>
  );
}

function useObjectURL(file: File | undefined): string {
  const [url, setURL] = useState('');
  useEffect(() => {
    if (!file) return setURL('');
    const made = URL.createObjectURL(file);
    setURL(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url;
}

async function faultOf(file: File): Promise<string> {
  if (file.size > largest) return t('newRoom.tooLarge');
  const head = new Uint8Array(await file.slice(0, 4).arrayBuffer());
  const jpeg = head[0] === 0xff && head[1] === 0xd8;
  const png = head[0] === 0x89 && head[1] === 0x50 && head[2] === 0x4e && head[3] === 0x47;
  return jpeg || png ? '' : t('newRoom.notPicture');
}

function base64(file: File): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
