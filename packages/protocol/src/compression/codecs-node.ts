// The codecs of Node: gzip and zstd by node:zlib, snappy and lz4 by native libraries.

import type { Codec, CompressingCodec } from './codec.ts';
import { gzip } from './gzip.ts';
import { lz4 } from './lz4.ts';
import { snappy } from './snappy.ts';
import { zstd } from './zstd.ts';

export const codecs: Readonly<Partial<Record<CompressingCodec, Codec>>> = { gzip, snappy, lz4, zstd };
