// Access rules as administrators meet them.
import assert from 'node:assert/strict';
import test from 'node:test';
import {
  createAclsRequest,
  createAclsResponse,
  newAclCreation,
  newCreateAclsRequest,
} from '@moldau/protocol/generated/create-acls.ts';
import {
  deleteAclsRequest,
  deleteAclsResponse,
  newDeleteAclsFilter,
  newDeleteAclsRequest,
} from '@moldau/protocol/generated/delete-acls.ts';
import {
  describeAclsRequest,
  describeAclsResponse,
  newDescribeAclsRequest,
} from '@moldau/protocol/generated/describe-acls.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { AclOperation, PatternType, PermissionType, ResourceType } from '../metadata/acl-binding.ts';
import { ask } from '../testing/ask.ts';
import { simulate } from '../testing/simulated-cluster.ts';

const RULE = {
  resourceType: ResourceType.TOPIC,
  resourceName: 'orders',
  resourcePatternType: PatternType.PREFIXED,
  principal: 'User:alice',
  host: '*',
  operation: AclOperation.READ,
  permissionType: PermissionType.ALLOW,
};
const ANYTHING = {
  resourceTypeFilter: ResourceType.ANY,
  resourceNameFilter: null,
  patternTypeFilter: PatternType.ANY,
  principalFilter: null,
  hostFilter: null,
  operation: AclOperation.ANY,
  permissionType: PermissionType.ANY,
};
const AUTHORIZER = 'authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer';

test('rules are created, described by resource, deleted, and outlive a restart', () =>
  simulate({ settings: [AUTHORIZER, 'allow.everyone.if.no.acl.found=true'] }, async (cluster) => {
    const client = await cluster.connect(0);
    const creations = [RULE, { ...RULE, operation: AclOperation.WRITE }, { ...RULE, resourceName: '' }];
    const created = await ask(
      client,
      createAclsRequest,
      createAclsResponse,
      newCreateAclsRequest({ creations: creations.map((rule) => newAclCreation(rule)) }),
    );
    assert.deepEqual(
      created.results.map(({ errorCode }) => errorCode),
      [ErrorCode.NONE, ErrorCode.NONE, ErrorCode.INVALID_REQUEST],
    );
    await cluster.stop();
    await cluster.start();
    const again = await cluster.connect(0);
    const described = await ask(
      again,
      describeAclsRequest,
      describeAclsResponse,
      newDescribeAclsRequest(ANYTHING),
    );
    assert.deepEqual(
      described.resources.map(({ resourceName, acls }) => [resourceName, acls.length]),
      [['orders', 2]],
    );
    const deleted = await ask(
      again,
      deleteAclsRequest,
      deleteAclsResponse,
      newDeleteAclsRequest({ filters: [newDeleteAclsFilter(ANYTHING)] }),
    );
    assert.equal(deleted.filterResults[0]?.matchingAcls.length, 2);
  }));

test('without an authorizer there are no rules', () =>
  simulate({}, async (cluster) => {
    const client = await cluster.connect(0);
    const described = await ask(
      client,
      describeAclsRequest,
      describeAclsResponse,
      newDescribeAclsRequest(ANYTHING),
    );
    assert.equal(described.errorCode, ErrorCode.SECURITY_DISABLED);
  }));
