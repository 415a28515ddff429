// The table of the log's limits in docs/operations.md, with the defaults that the program has.
import { DEFAULT_LOCAL_LOG_SETTINGS } from '@moldau/broker/log/local/settings.ts';
import { markdownTable } from './replace-section.ts';

const MB = 1024 * 1024;
const megabytes = (bytes: number): string => `${bytes / MB} MB`;

/** By the name of the page's section. */
export const STORAGE_SECTIONS: Readonly<Record<string, () => string>> = {
  'storage limits': () => {
    const settings = DEFAULT_LOCAL_LOG_SETTINGS;
    return markdownTable(
      ['limit', 'default', 'what a full one does'],
      [
        ['write-ahead log', megabytes(settings.walMaxBytes), 'commits wait for a checkpoint'],
        [
          'records in memory and in no segment',
          megabytes(settings.pressureBytes),
          "producers' connections are not read until half of it is written",
        ],
        ['the same, beyond all holding back', megabytes(settings.unwrittenMaxBytes), 'KAFKA_STORAGE_ERROR'],
        ['newest records kept in memory', megabytes(settings.tailMaxBytes), 'the oldest go'],
        ['records read from segments, kept in memory', megabytes(settings.readCacheBytes), 'the oldest go'],
        [
          'open segment files',
          String(settings.maxOpenFiles),
          'the one that was not used for the longest time is closed',
        ],
      ],
    );
  },
};
