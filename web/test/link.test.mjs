import assert from 'node:assert/strict';
import test from 'node:test';
import { follow, lead, wrap } from '../src/manager/compare/link.ts';

const near = (got, want) => {
  for (const key of ['x', 'y', 'zoom', 'rotation']) assert.ok(Math.abs(got[key] - want[key]) < 1e-9, `${key}: ${got[key]}, not ${want[key]}`);
};
const a = { x: 0.5, y: 0.3, zoom: 1, rotation: 0 };
const b = { x: 0.4, y: 0.2, zoom: 2, rotation: 0 };

test('an unmoved leader leaves the other where it is', () => {
  near(follow({ a, b }, a), b);
  near(lead({ a, b }, b), a);
});

test('zoom keeps its ratio and a pan covers the same way on the screen', () => {
  const got = follow({ a, b }, { x: 0.7, y: 0.3, zoom: 3, rotation: 0 });
  near(got, { x: 0.5, y: 0.2, zoom: 6, rotation: 0 }); // b is twice as large: half of the way
});

test('lead undoes follow, also of turned pictures', () => {
  const link = { a: { ...a, rotation: 90 }, b: { ...b, rotation: -30 } };
  const moved = { x: 0.1, y: 0.9, zoom: 2.5, rotation: 135 };
  near(lead(link, follow(link, moved)), moved);
});

test('a pan of an upright picture is turned for one that lies on its side', () => {
  const link = { a: { ...a, rotation: 0 }, b: { ...a, rotation: 90 } };
  near(follow(link, { ...link.a, x: 0.6 }), { x: 0.5, y: 0.2, zoom: 1, rotation: 90 });
});

test('angles are wrapped into (−180, 180]', () => {
  for (const [degrees, want] of [[0, 0], [180, 180], [-180, 180], [181, -179], [540, 180], [-90, -90], [720, 0], [359.5, -0.5]]) assert.equal(wrap(degrees), want);
});
