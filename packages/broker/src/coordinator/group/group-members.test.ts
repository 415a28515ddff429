import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ClassicMember } from './classic-member.ts';
import { GroupMembers } from './group-members.ts';

const member = (n: number, names: string, awaitingJoin: number | undefined): ClassicMember => ({
  memberId: `m${n}`,
  groupInstanceId: n % 3 === 0 ? `i${n}` : null,
  clientId: 'c',
  clientHost: '/h',
  rebalanceTimeoutMs: 1,
  sessionTimeoutMs: 1,
  protocols: Array.from(names, (name) => ({ name, metadata: new Uint8Array(0) })),
  assignment: new Uint8Array(0),
  isNew: false,
  awaitingJoin,
  awaitingSync: undefined,
});

const step = fc.record({
  n: fc.integer({ min: 0, max: 60 }),
  names: fc.constantFrom('x', 'xy', 'yx', 'yy'),
  awaitingJoin: fc.option(fc.nat(), { nil: undefined }),
  leaves: fc.boolean(),
});

function assertSame(members: GroupMembers, model: ReadonlyMap<string, ClassicMember>): void {
  const all = [...model.values()];
  assert.equal(members.size, model.size);
  assert.deepEqual(new Map([...members.values()].map((value) => [value.memberId, value])), new Map(model));
  assert.equal(members.awaitingJoin, all.filter(({ awaitingJoin }) => awaitingJoin !== undefined).length);
  for (const name of ['x', 'y']) {
    assert.equal(
      members.supporters(name),
      all.filter(({ protocols }) => protocols.some((protocol) => protocol.name === name)).length,
    );
  }
  for (let n = 0; n <= 60; n++) {
    assert.equal(members.get(`m${n}`), model.get(`m${n}`));
    assert.equal(members.has(`m${n}`), model.has(`m${n}`));
    assert.equal(members.ofInstance(`i${n}`), n % 3 === 0 ? model.get(`m${n}`) : undefined);
  }
}

void test('members are those of a plain map, and earlier collections stay as they were', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 150, size: 'max' }), (steps) => {
      let members = GroupMembers.NONE;
      const model = new Map<string, ClassicMember>();
      const middle = Math.floor(steps.length / 2);
      let earlier: [GroupMembers, ReadonlyMap<string, ClassicMember>] = [members, new Map(model)];
      for (const [at, { n, names, awaitingJoin, leaves }] of steps.entries()) {
        const next = member(n, names, awaitingJoin);
        members = leaves ? members.without(next.memberId) : members.with(next);
        if (leaves) model.delete(next.memberId);
        else model.set(next.memberId, next);
        if (at === middle) earlier = [members, new Map(model)];
      }
      assertSame(members, model);
      assertSame(...earlier);
      const changed = (value: ClassicMember): ClassicMember => ({ ...value, awaitingJoin: undefined });
      const mapped = members.map(changed);
      assert.equal(mapped.awaitingJoin, 0);
      assert.equal(mapped.size, members.size);
    }),
    { numRuns: 50 },
  );
});

void test('members come in the order in which they joined', () => {
  let members = GroupMembers.NONE;
  for (let n = 0; n < 100; n++) members = members.with(member(n, 'x', undefined));
  for (let n = 0; n < 100; n += 2) members = members.without(`m${n}`);
  members = members.with(member(50, 'x', 1)).with(member(1, 'x', 1));
  const order = [...members.values()].map(({ memberId }) => Number(memberId.slice(1)));
  assert.deepEqual(order.slice(0, 3), [1, 3, 5]);
  assert.equal(order.length, 51);
});
