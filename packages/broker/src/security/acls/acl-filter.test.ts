import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  AclOperation,
  PatternType,
  PermissionType,
  ResourceType,
  type AclBinding,
} from '../../metadata/acl-binding.ts';
import { aclFilterProblem, matchesFilter, type AclFilter } from './acl-filter.ts';
import { aclOf } from '../../testing/acls.ts';

const ACL = aclOf();
const ANYTHING: AclFilter = {
  resourceType: ResourceType.ANY,
  resourceName: null,
  patternType: PatternType.ANY,
  principal: null,
  host: null,
  operation: AclOperation.ANY,
  permissionType: PermissionType.ANY,
};
const matches = (filter: Partial<AclFilter>, acl: Partial<AclBinding> = {}): boolean =>
  matchesFilter({ ...ANYTHING, ...filter }, { ...ACL, ...acl });

test('every field narrows a filter', () => {
  assert.equal(matches({}), true);
  assert.equal(matches({ resourceType: ResourceType.GROUP }), false);
  assert.equal(matches({ principal: 'User:bob' }), false);
  assert.equal(matches({ host: '10.0.0.1' }), false);
  assert.equal(matches({ operation: AclOperation.WRITE }), false);
  assert.equal(matches({ permissionType: PermissionType.DENY }), false);
  assert.equal(matches({ resourceName: 'payments' }), false);
});

test('MATCH finds what names the resource; ANY what is written like it; a kind finds its own', () => {
  const { MATCH, ANY, LITERAL, PREFIXED } = PatternType;
  const ord = { resourceName: 'ord', patternType: PREFIXED };
  assert.equal(matches({ resourceName: 'orders', patternType: MATCH }, ord), true);
  assert.equal(matches({ resourceName: 'orders', patternType: MATCH }, { resourceName: '*' }), true);
  assert.equal(matches({ resourceName: 'orders', patternType: ANY }, ord), false);
  assert.equal(matches({ resourceName: 'ord', patternType: ANY }, ord), true);
  assert.equal(matches({ resourceName: 'ord', patternType: LITERAL }, ord), false);
  assert.equal(matches({ resourceName: null, patternType: LITERAL }, ord), false);
  assert.equal(matches({ resourceName: 'ord', patternType: PREFIXED }, ord), true);
});

test('a filter with a code that nobody knows is refused', () => {
  assert.equal(aclFilterProblem(ANYTHING), undefined);
  assert.equal(aclFilterProblem({ ...ANYTHING, patternType: 9 }), 'Unknown patternFilter.');
  assert.equal(aclFilterProblem({ ...ANYTHING, operation: 0 }), 'Unknown entryFilter.');
});
