// DescribeConfigs: the settings of topics, brokers and groups, with where each value comes from (KIP-133, KIP-226).
import {
  describeConfigsRequest,
  describeConfigsResponse,
  newDescribeConfigsResourceResult,
  newDescribeConfigsResponse,
  newDescribeConfigsResult,
  newDescribeConfigsSynonym,
  type DescribeConfigsRequest,
  type DescribeConfigsResourceResult,
  type DescribeConfigsResponse,
} from '@moldau/protocol/generated/describe-configs.ts';
import { describeConfigs as describe, type DescribedConfig } from '../settings/describe-configs.ts';
import { describeConfigs as guard } from './access/config-guards.ts';
import { defineApi, type Services } from './services.ts';

export const describeConfigs = defineApi<DescribeConfigsRequest, DescribeConfigsResponse>({
  request: describeConfigsRequest,
  response: describeConfigsResponse,
  guard,
  handle(services, _context, request) {
    const { settings, brokerId } = services;
    return newDescribeConfigsResponse({
      results: request.resources.map(({ resourceType, resourceName, configurationKeys }) => {
        const asked = { resourceType, resourceName, names: configurationKeys };
        const described = describe(services.metadata.image, asked, {
          settings,
          brokerId,
          logLevel: services.logger.level,
          facts: factsOf(services),
        });
        return newDescribeConfigsResult({
          errorCode: described.errorCode,
          errorMessage: described.errorMessage,
          resourceType,
          resourceName,
          configs: described.configs.map((config) => resultOf(config, request)),
        });
      }),
    });
  },
});

function resultOf(config: DescribedConfig, request: DescribeConfigsRequest): DescribeConfigsResourceResult {
  return newDescribeConfigsResourceResult({
    name: config.name,
    value: config.value,
    readOnly: config.readOnly,
    configSource: config.configSource,
    isSensitive: config.isSensitive,
    synonyms: request.includeSynonyms
      ? config.synonyms.map((synonym) => newDescribeConfigsSynonym(synonym))
      : [],
    configType: config.configType,
    documentation: request.includeDocumentation ? config.documentation : null,
  });
}

/** What follows from flags and ports, in the words of settings. */
function factsOf(services: Services): ReadonlyMap<string, string> {
  const broker = services.metadata.image.brokers.get(services.brokerId);
  const facts = new Map([
    ['node.id', String(services.brokerId)],
    ['broker.id', String(services.brokerId)],
    ['log.dirs', services.dataFolder],
  ]);
  if (broker !== undefined) {
    const address = `PLAINTEXT://${broker.host}:${broker.port}`;
    facts.set('advertised.listeners', address);
    facts.set('listeners', address);
  }
  return facts;
}
