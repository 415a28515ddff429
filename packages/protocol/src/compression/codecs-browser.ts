// The codecs of a build without Node: none, so that the package loads anywhere. A browser build which needs codecs maps
// `#codecs` to a module of its own with this one export.

import type { Codec, CompressingCodec } from './codec.ts';

export const codecs: Readonly<Partial<Record<CompressingCodec, Codec>>> = {};
