// Access rules for tests.
import {
  AclOperation,
  PatternType,
  PermissionType,
  ResourceType,
  type AclBinding,
} from '../metadata/acl-binding.ts';

/** `User:alice` may read the topic `orders` from anywhere, but for what `fields` say. */
export function aclOf(fields: Partial<AclBinding> = {}): AclBinding {
  return {
    resourceType: ResourceType.TOPIC,
    resourceName: 'orders',
    patternType: PatternType.LITERAL,
    principal: 'User:alice',
    host: '*',
    operation: AclOperation.READ,
    permissionType: PermissionType.ALLOW,
    ...fields,
  };
}
