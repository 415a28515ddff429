// The layering check: every import goes downwards. Packages and, inside the broker, modules (folders) are listed here in one
// place; an import that is not allowed by this table fails `npm run check` with the file and the reason.
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** What each package may import. */
const packages: Record<string, readonly string[]> = {
  protocol: [],
  runtime: [],
  broker: ['protocol', 'runtime'],
  cli: ['broker', 'protocol', 'runtime'],
};

/** The broker's modules, top first: a module may import those below it in this list, and itself. */
const brokerModules = [
  'dump', // and `adopt`: tools beside the broker that know all of its files
  'adopt',
  'broker', // broker.ts and the other files at the top: they put everything together
  'server',
  'handlers',
  'coordinator',
  'peers', // requests from broker to broker
  'partition',
  'metadata',
  'security',
  'settings',
  'image', // the metadata as data, see below
  'log',
  'telemetry',
];

/**
 * What the metadata is, apart from how it is decided and kept: everyone reads it, the settings too, and it imports nothing that lies
 * above. By its rank a module of its own, though it lies in the folder `metadata`.
 */
const imageFiles = [
  'metadata/image.ts',
  'metadata/change.ts',
  'metadata/topic-rules.ts',
  'metadata/client-quota-entity.ts',
  'metadata/acl-binding.ts',
  'metadata/scram-credential.ts',
];

/** Who may import node: modules beside the runtime: protocol only where it compresses (a browser build replaces those). */
const noNodeImports = ['protocol'];

function importsOf(text: string): string[] {
  const found = text.matchAll(/^\s*(?:import|export)\s(?:[^'";]*?from\s*)?['"]([^'"]+)['"]/gm);
  const dynamic = text.matchAll(/\bimport\(\s*['"]([^'"]+)['"]/g);
  return [...found, ...dynamic].map((match) => match[1] ?? '');
}

function moduleOf(pathInBroker: string): string {
  if (imageFiles.includes(pathInBroker)) return 'image';
  const slash = pathInBroker.indexOf('/');
  return slash < 0 ? 'broker' : pathInBroker.slice(0, slash);
}

/** Every import that breaks a rule, as `file: why`. */
export function layerProblems(): string[] {
  const problems: string[] = [];
  for (const file of globSync('packages/*/src/**/*.ts', { cwd: root })) {
    const [, name = '', , ...rest] = file.split('/');
    const inPackage = rest.join('/');
    const isTest = file.endsWith('.test.ts') || inPackage.startsWith('testing/');
    for (const specifier of importsOf(readFileSync(join(root, file), 'utf8'))) {
      const problem = checkImport(name, inPackage, specifier, isTest);
      if (problem !== undefined) problems.push(`${file}: ${problem}`);
    }
  }
  return problems;
}

function checkImport(
  name: string,
  inPackage: string,
  specifier: string,
  isTest: boolean,
): string | undefined {
  if (specifier.startsWith('@moldau/')) {
    const target = specifier.split('/')[1] ?? '';
    if (target !== name && !(packages[name] ?? []).includes(target)) {
      return `package ${name} may not import ${specifier} (allowed: ${(packages[name] ?? []).join(', ') || 'nothing'})`;
    }
    return undefined;
  }
  if (specifier.startsWith('node:')) {
    const allowed = isTest || !noNodeImports.includes(name) || inPackage.startsWith('compression/');
    return allowed
      ? undefined
      : `${specifier}: the protocol package must run in a browser (only compression/ may use node:)`;
  }
  if (!specifier.startsWith('.')) return undefined;
  const source = join(root, 'packages', name, 'src');
  const target = relative(source, resolve(dirname(join(source, inPackage)), specifier));
  if (target.startsWith('..')) return isTest ? undefined : `${specifier} reaches outside the package`;
  if (name !== 'broker' || isTest) return undefined;
  const from = brokerModules.indexOf(moduleOf(inPackage));
  const to = brokerModules.indexOf(moduleOf(target));
  if (from < 0 || to < 0)
    return `module ${moduleOf(from < 0 ? inPackage : target)} is not in the list of tools/layers.ts`;
  return to >= from ? undefined : `module ${moduleOf(inPackage)} may not import upwards: ${specifier}`;
}
