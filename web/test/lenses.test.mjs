import assert from 'node:assert/strict';
import test from 'node:test';
import { lensesOf, otherSide } from '../src/seller/lenses.ts';

const camera = (label, id = label, facing = undefined) => ({ kind: 'videoinput', deviceId: id, label, ...(facing && { getCapabilities: () => ({ facingMode: [facing] }) }) });
const named = (lenses) => lenses.map(({ side, kind, n }) => `${side || '-'} ${kind}${n > 1 ? ` ${n}` : ''}`);

test('lenses by what phones call them', () => {
  const phones = {
    'Chrome on Android': [['camera2 1, facing front', 'camera2 3, facing front', 'camera2 2, facing back', 'camera2 0, facing back'], ['environment main', 'environment main 2', 'user main']],
    'Firefox on Android': [['Facing back:0', 'Facing front:1'], ['environment main', 'user main']],
    'Safari on a large iPhone': [
      ['Front Camera', 'Back Dual Wide Camera', 'Back Triple Camera', 'Back Camera', 'Back Ultra Wide Camera', 'Back Telephoto Camera'],
      ['environment main', 'environment wide', 'environment tele', 'environment auto', 'user main'],
    ],
    'the same in German': [
      ['Frontkamera', 'Rückseitige Dual-Kamera', 'Rückkamera', 'Rückseitige Ultra-Weitwinkelkamera', 'Rückseitige Telekamera'],
      ['environment main', 'environment wide', 'environment tele', 'environment auto', 'user main'],
    ],
    'in Spanish': [['Cámara frontal', 'Cámara trasera', 'Cámara ultra gran angular trasera', 'Cámara macro trasera'], ['environment main', 'environment wide', 'environment macro', 'user main']],
    'in Chinese': [['前置相机', '后置相机', '后置超广角相机', '后置长焦相机'], ['environment main', 'environment wide', 'environment tele', 'user main']],
    'a computer': [['FaceTime HD Camera', 'HD Webcam (04f2:b6d9)'], ['- main', '- main']],
  };
  for (const [phone, [labels, want]] of Object.entries(phones)) assert.deepEqual(named(lensesOf(labels.map((label) => camera(label)))), want, phone);
});

test('what the device says of its side goes before its label, which may be empty', () => {
  const lenses = lensesOf([camera('', 'a', 'environment'), camera('', 'b', 'user'), camera('Front door', 'c', 'environment')]);
  assert.deepEqual(named(lenses), ['environment main', 'environment main 2', 'user main']);
});

test('a device is listed once, others than cameras never, hidden ones not at all', () => {
  assert.deepEqual(lensesOf([camera('Back Camera', 'a'), camera('Back Camera', 'a'), { kind: 'audioinput', deviceId: 'm', label: 'Back microphone' }, camera('', '')]).map(({ id }) => id), ['a']);
  assert.deepEqual(named(lensesOf([camera('Webcam', 'a'), camera('Webcam', 'b'), camera('/dev/video0', 'c')])), ['- main', '- main 2', '- main']);
  assert.equal(lensesOf([camera('HD Webcam (04f2:b6d9)')])[0].label, 'HD Webcam');
  assert.equal(lensesOf([camera('/dev/video0')])[0].label, '');
});

test('of several fronts the open one is listed, of those that change by themselves the open one or the ablest', () => {
  const fronts = [camera('camera2 1, facing front', 'a'), camera('camera2 3, facing front', 'b')];
  assert.equal(lensesOf(fronts)[0].id, 'a');
  assert.equal(lensesOf(fronts, 'b')[0].id, 'b');
  const autos = [camera('Back Dual Camera', 'two'), camera('Back Dual Wide Camera', 'wide'), camera('Back Triple Camera', 'three')];
  assert.equal(lensesOf(autos)[0].id, 'three');
  assert.equal(lensesOf(autos.slice(0, 2))[0].id, 'wide');
  assert.equal(lensesOf(autos, 'two')[0].id, 'two');
});

test('flipping opens the other side: the lens chosen there, or the browser\'s own', () => {
  const phone = lensesOf([camera('Front Camera', 'f'), camera('Back Camera', 'b'), camera('Back Telephoto Camera', 't')]);
  assert.deepEqual(otherSide(phone, 'f', 'user', {}), { facing: 'environment', lens: undefined });
  assert.deepEqual(otherSide(phone, 'f', 'user', { environment: 't' }), { facing: 'environment', lens: 't' });
  assert.deepEqual(otherSide(phone, 't', 'environment', { environment: 't' }), { facing: 'user', lens: undefined });
  assert.deepEqual(otherSide(phone, 'f', 'user', { environment: 'gone' }), { facing: 'environment', lens: undefined });
});

test('where no side is known flipping opens the next camera', () => {
  const computer = lensesOf([camera('A'), camera('B'), camera('C')]);
  assert.deepEqual(otherSide(computer, 'A', '', {}), { facing: 'environment', lens: 'B' });
  assert.equal(otherSide(computer, 'C', '', {}).lens, 'A');
  assert.equal(otherSide(lensesOf([camera('Back Camera'), camera('Back Telephoto Camera')]), 'Back Camera', 'environment', {}).lens, 'Back Telephoto Camera'); // no front
  assert.deepEqual(otherSide(computer, 'A', 'user', {}), { facing: 'environment', lens: undefined }); // the track knows, the list doesn't
  assert.deepEqual(otherSide([], '', 'user', {}), { facing: 'environment', lens: undefined });
  assert.deepEqual(otherSide([], '', '', {}), { facing: 'environment' });
});
