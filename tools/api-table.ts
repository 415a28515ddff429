// The table of docs/compatibility.md: which APIs a broker offers in which versions, taken from the answer it gives to clients.
import { apiVersionsAnswer } from '@moldau/broker/handlers/api-versions.ts';
import { allApis } from '@moldau/broker/handlers/all-apis.ts';
import { ErrorCode } from '@moldau/protocol/generated/errors.ts';
import { markdownTable } from './replace-section.ts';

/** By the name of the page's section. */
export const API_SECTIONS: Readonly<Record<string, () => string>> = {
  apis: () => {
    const apis = allApis();
    return markdownTable(
      ['key', 'API', 'versions'],
      apiVersionsAnswer(apis.values(), ErrorCode.NONE).apiKeys.map(({ apiKey, minVersion, maxVersion }) => [
        String(apiKey),
        (apis.get(apiKey)?.request.name ?? '').replace(/Request$/, ''),
        minVersion === maxVersion ? String(minVersion) : `${minVersion} to ${maxVersion}`,
      ]),
    );
  },
};
