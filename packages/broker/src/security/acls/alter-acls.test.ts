import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import {
  AclOperation,
  PatternType,
  PermissionType,
  ResourceType,
  type AclBinding,
} from '../../metadata/acl-binding.ts';
import { applyChanges, emptyImage } from '../../metadata/apply-change.ts';
import { decodeSnapshot, encodeSnapshot } from '../../metadata/local/image-snapshot.ts';
import { createAcls, deleteAcls } from './alter-acls.ts';
import { aclOf } from '../../testing/acls.ts';

const ACL = aclOf();
const FILTER = { ...ACL, patternType: PatternType.ANY, operation: AclOperation.ANY };

test('rules are made once, kept in snapshots, and deleted by filter', () => {
  const created = createAcls(emptyImage(), [ACL, ACL, { ...ACL, operation: AclOperation.WRITE }]);
  assert.deepEqual(
    created.answer.map(({ errorCode }) => errorCode),
    [0, 0, 0],
  );
  const image = applyChanges(emptyImage(), created.changes);
  assert.equal(image.acls.size, 2);
  assert.deepEqual(createAcls(image, [ACL]).changes, []);
  const restored = decodeSnapshot(encodeSnapshot(image));
  assert.deepEqual(restored.acls, image.acls);
  const { changes, answer } = deleteAcls(restored, [FILTER, ACL]);
  assert.deepEqual(
    answer.map(({ deleted }) => deleted.length),
    [2, 1],
  );
  assert.equal(applyChanges(restored, changes).acls.size, 0);
});

test('what is no rule is refused in Kafka words, and nothing else with it', () => {
  const wrong: readonly [Partial<AclBinding>, RegExp][] = [
    [{ resourceType: ResourceType.CLUSTER }, /only valid name for the CLUSTER resource is kafka-cluster/],
    [{ resourceName: '' }, /Invalid empty resource name/],
    [{ resourceType: ResourceType.ANY }, /Invalid resourceType ANY/],
    [{ patternType: PatternType.MATCH }, /Invalid patternType MATCH/],
    [{ operation: AclOperation.ANY }, /Invalid operation ANY/],
    [{ operation: 99 }, /Invalid operation UNKNOWN/],
    [{ permissionType: PermissionType.ANY }, /Invalid permissionType ANY/],
    [{ principal: 'alice' }, /no colon is present/],
  ];
  const { changes, answer } = createAcls(emptyImage(), [
    ...wrong.map(([part]) => ({ ...ACL, ...part })),
    ACL,
  ]);
  for (const [index, [, message]] of wrong.entries()) {
    assert.equal(answer[index]?.errorCode, ErrorCode.INVALID_REQUEST);
    assert.match(answer[index]?.errorMessage ?? '', message);
  }
  assert.equal(answer.at(-1)?.errorCode, ErrorCode.NONE);
  assert.deepEqual(changes, [{ kind: 'acls-changed', added: [ACL], removed: [] }]);
});
