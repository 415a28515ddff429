// Settings through the wire, one at a time, for tests.
import {
  describeConfigsRequest,
  describeConfigsResponse,
} from '@moldau/protocol/generated/describe-configs.ts';
import {
  incrementalAlterConfigsRequest,
  incrementalAlterConfigsResponse,
} from '@moldau/protocol/generated/incremental-alter-configs.ts';
import type { ErrorCode } from '@moldau/protocol';
import { ConfigResourceType } from '../settings/config-resource.ts';
import { ask } from './ask.ts';
import type { SimulatedClient } from './simulated-client.ts';

const SET = 0;
const DELETE = 1;

export interface ConfigResourceName {
  /** See `ConfigResourceType`. */
  readonly resourceType: number;
  readonly resourceName: string;
}

export const topicResource = (resourceName: string): ConfigResourceName => ({
  resourceType: ConfigResourceType.TOPIC,
  resourceName,
});

/** Sets (text) or removes (null) one setting. */
export async function setConfig(
  client: SimulatedClient,
  resource: ConfigResourceName,
  name: string,
  value: string | null,
): Promise<ErrorCode> {
  const configs = [{ name, value, configOperation: value === null ? DELETE : SET }];
  const answer = await ask(client, incrementalAlterConfigsRequest, incrementalAlterConfigsResponse, {
    resources: [{ ...resource, configs }],
  });
  return answer.responses[0]!.errorCode as ErrorCode;
}

/** The value of one setting with where it comes from (`ConfigSource`). */
export async function configOf(
  client: SimulatedClient,
  resource: ConfigResourceName,
  name: string,
): Promise<readonly [value: string | null, source: number] | undefined> {
  const answer = await ask(client, describeConfigsRequest, describeConfigsResponse, {
    resources: [{ ...resource, configurationKeys: [name] }],
  });
  const [config] = answer.results[0]!.configs;
  return config === undefined ? undefined : [config.value, config.configSource];
}
