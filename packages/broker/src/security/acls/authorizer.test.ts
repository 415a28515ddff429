import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  aclKey,
  AclOperation,
  PatternType,
  PermissionType,
  ResourceType,
  type AclBinding,
} from '../../metadata/acl-binding.ts';
import { Authorizer, type AuthorizerRules, type Subject } from './authorizer.ts';
import { aclOf } from '../../testing/acls.ts';

const ALICE: Subject = { principal: 'User:alice', host: '10.0.0.1' };
const { READ, WRITE, DESCRIBE, ALL, ALTER_CONFIGS, DESCRIBE_CONFIGS } = AclOperation;
const TOPIC = ResourceType.TOPIC;

function authorizer(acls: readonly AclBinding[], init: Partial<AuthorizerRules> = {}): Authorizer {
  return new Authorizer({
    acls: new Map(acls.map((acl) => [aclKey(acl), acl])),
    superUsers: new Set(),
    allowEveryoneIfNoAclFound: false,
    ...init,
  });
}

test('without a rule for the resource the setting decides; with one for somebody else nothing is open any more', () => {
  assert.equal(authorizer([]).mayDo(ALICE, READ, TOPIC, 'orders'), false);
  const open = { allowEveryoneIfNoAclFound: true };
  assert.equal(authorizer([], open).mayDo(ALICE, READ, TOPIC, 'orders'), true);
  const forBob = [aclOf({ principal: 'User:bob' })];
  assert.equal(authorizer(forBob, open).mayDo(ALICE, READ, TOPIC, 'orders'), false);
  assert.equal(authorizer(forBob, open).mayDo(ALICE, READ, TOPIC, 'payments'), true);
});

test('a super user may do everything, a denial notwithstanding', () => {
  const denied = [aclOf({ permissionType: PermissionType.DENY, operation: ALL })];
  assert.equal(
    authorizer(denied, { superUsers: new Set([ALICE.principal]) }).mayDo(ALICE, WRITE, TOPIC, 'orders'),
    true,
  );
});

test('names, prefixes and * name a resource; hosts and principals narrow it', () => {
  const may = (init: Partial<AclBinding>, name = 'orders') =>
    authorizer([aclOf(init)]).mayDo(ALICE, READ, TOPIC, name);
  assert.equal(may({}), true);
  assert.equal(may({}, 'orders-2'), false);
  assert.equal(may({ patternType: PatternType.PREFIXED }, 'orders-2'), true);
  assert.equal(may({ patternType: PatternType.PREFIXED }, 'order'), false);
  assert.equal(may({ resourceName: '*' }), true);
  assert.equal(may({ resourceName: '*', patternType: PatternType.PREFIXED }), false);
  assert.equal(may({ host: '10.0.0.1' }), true);
  assert.equal(may({ host: '10.0.0.2' }), false);
  assert.equal(may({ principal: 'User:*' }), true);
  assert.equal(may({ resourceType: ResourceType.GROUP }), false);
});

test('what an operation implies, it implies where it is allowed only', () => {
  const allowed = authorizer([aclOf({ operation: WRITE })]);
  assert.equal(allowed.mayDo(ALICE, DESCRIBE, TOPIC, 'orders'), true);
  assert.equal(allowed.mayDo(ALICE, READ, TOPIC, 'orders'), false);
  const configs = authorizer([aclOf({ operation: ALTER_CONFIGS })]);
  assert.equal(configs.mayDo(ALICE, DESCRIBE_CONFIGS, TOPIC, 'orders'), true);
  const denied = authorizer([
    aclOf({ operation: ALL }),
    aclOf({ operation: WRITE, permissionType: PermissionType.DENY }),
  ]);
  assert.equal(denied.mayDo(ALICE, WRITE, TOPIC, 'orders'), false);
  assert.equal(denied.mayDo(ALICE, DESCRIBE, TOPIC, 'orders'), true);
});

test('somewhere: an allowance that no denial takes back whole', () => {
  const denyPrefix = aclOf({
    resourceName: 'ord',
    patternType: PatternType.PREFIXED,
    permissionType: PermissionType.DENY,
  });
  assert.equal(authorizer([aclOf({})]).mayDoSomewhere(ALICE, READ, TOPIC), true);
  assert.equal(authorizer([aclOf({}), denyPrefix]).mayDoSomewhere(ALICE, READ, TOPIC), false);
  assert.equal(
    authorizer([aclOf({ resourceName: '*' }), denyPrefix]).mayDoSomewhere(ALICE, READ, TOPIC),
    true,
  );
  const denyAll = aclOf({ resourceName: '*', permissionType: PermissionType.DENY });
  assert.equal(
    authorizer([denyAll], { allowEveryoneIfNoAclFound: true }).mayDoSomewhere(ALICE, READ, TOPIC),
    false,
  );
  assert.equal(authorizer([], { allowEveryoneIfNoAclFound: true }).mayDoSomewhere(ALICE, READ, TOPIC), true);
});

test('the index decides as a look at every rule does', () => {
  const name = fc.constantFrom('a', 'ab', 'abc', 'b', '*');
  const acl = fc.record({
    resourceType: fc.constantFrom(TOPIC, ResourceType.GROUP),
    resourceName: name,
    patternType: fc.constantFrom(PatternType.LITERAL, PatternType.PREFIXED),
    principal: fc.constantFrom('User:alice', 'User:bob', 'User:*'),
    host: fc.constantFrom('*', '10.0.0.1', '10.0.0.2'),
    operation: fc.constantFrom(READ, WRITE, DESCRIBE, ALL),
    permissionType: fc.constantFrom(PermissionType.ALLOW, PermissionType.DENY),
  });
  fc.assert(
    fc.property(
      fc.array(acl, { maxLength: 6 }),
      name,
      fc.constantFrom(READ, WRITE, DESCRIBE),
      fc.boolean(),
      (acls, topic, operation, open) => {
        const naming = acls.filter(
          ({ resourceType, resourceName, patternType }) =>
            resourceType === TOPIC &&
            (patternType === PatternType.PREFIXED
              ? topic.startsWith(resourceName)
              : resourceName === topic || resourceName === '*'),
        );
        const mine = naming.filter(({ principal, host }) => principal !== 'User:bob' && host !== '10.0.0.2');
        const applies = (acl: AclBinding) => acl.operation === operation || acl.operation === ALL;
        const denied = mine.some((acl) => acl.permissionType === PermissionType.DENY && applies(acl));
        const allowed = mine.some(
          (acl) =>
            acl.permissionType === PermissionType.ALLOW &&
            (applies(acl) || (operation === DESCRIBE && acl.operation !== ALL)),
        );
        const expected = denied ? false : allowed || (naming.length === 0 && open);
        const built = authorizer(acls, { allowEveryoneIfNoAclFound: open });
        assert.equal(built.mayDo(ALICE, operation, TOPIC, topic), expected);
      },
    ),
  );
});
