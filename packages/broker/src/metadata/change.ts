// What can happen to the metadata. Each change is validated against the image it will be applied to, made durable, then applied by
// `applyChange`, the same code that recovery uses. A new kind of change is a new member here and a new case there.
import type { AclBinding } from './acl-binding.ts';
import type { QuotaEntity } from './client-quota-entity.ts';
import type { BrokerImage, PartitionImage } from './image.ts';
import type { ScramCredential } from './scram-credential.ts';

export type ConfigResource = 'topic' | 'broker' | 'group' | 'client-metrics';

export type MetadataChange =
  /** The first of all. */
  | { readonly kind: 'cluster-created'; readonly clusterId: string }
  /** The brokers of this run, all of them: those missing are gone. */
  | { readonly kind: 'brokers-set'; readonly brokers: readonly BrokerImage[] }
  | {
      readonly kind: 'topic-created';
      readonly name: string;
      readonly id: string;
      readonly internal: boolean;
      readonly partitions: readonly PartitionImage[];
      readonly configs: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'topic-deleted'; readonly name: string; readonly id: string }
  | {
      readonly kind: 'partitions-added';
      readonly topic: string;
      readonly partitions: readonly PartitionImage[];
    }
  | {
      readonly kind: 'partition-changed';
      readonly topic: string;
      readonly partition: number;
      readonly state: PartitionImage;
    }
  /** Sets (text) or removes (null) settings of one resource. */
  | {
      readonly kind: 'configs-changed';
      readonly resource: ConfigResource;
      readonly name: string;
      readonly configs: Readonly<Record<string, string | null>>;
    }
  /** Finalizes levels of features by name; 0 takes the feature out. */
  | { readonly kind: 'features-changed'; readonly levels: Readonly<Record<string, number>> }
  /** Sets (number) or removes (null) quotas of one entity. */
  | {
      readonly kind: 'client-quotas-changed';
      readonly entity: QuotaEntity;
      readonly values: Readonly<Record<string, number | null>>;
    }
  | {
      readonly kind: 'acls-changed';
      readonly added: readonly AclBinding[];
      readonly removed: readonly AclBinding[];
    }
  /** Sets credentials, and takes away those of these keys. */
  | {
      readonly kind: 'scram-credentials-changed';
      readonly added: readonly ScramCredential[];
      readonly removed: readonly string[];
    }
  | { readonly kind: 'producer-ids-allocated'; readonly next: number };
