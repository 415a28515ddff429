// The folders of a simulated disk: names that lead to files and folders, as they are seen now and as a power cut would
// leave them for certain.
//
// Every creation, rename and removal is one operation on one or two entries. `syncDirectory` makes the operations of that
// folder durable. At a power cut any subset of the others survives: ext4 and XFS would keep a prefix of their journal, but
// btrfs and others reorder, and nothing in POSIX says they may not. What every journaling file system does is kept:
//   - an operation happens whole or not at all: a rename never leaves both names, or neither;
//   - operations on one entry happen in their order: when `log` was renamed to `log.1` and created anew, the new `log` is
//     not there without `log.1`.
//
// A rename from one folder to another belongs to the folder that it leads to.
//
// Must stay true: an operation of a folder that was synced is never undone.

import { DiskError, type DiskEntry } from '../disk.ts';
import type { SeededRandom } from './seeded-random.ts';
import { SimulatedFileContent } from './simulated-file-content.ts';

export interface FileNode {
  readonly kind: 'file';
  readonly content: SimulatedFileContent;
  /** Entries that lead here now, and handles that are open: the bytes count as used while there is one. */
  references: number;
}

export interface DirectoryNode {
  readonly kind: 'directory';
  entries: Map<string, TreeNode>;
  durable: Map<string, TreeNode>;
}

export type TreeNode = FileNode | DirectoryNode;

interface EntryChange {
  readonly directory: DirectoryNode;
  readonly name: string;
  /** What the name leads to afterwards; undefined for nothing. */
  readonly node: TreeNode | undefined;
}

interface Operation {
  /** Whose sync makes it durable. */
  readonly directory: DirectoryNode;
  readonly changes: readonly EntryChange[];
}

interface Place {
  readonly directory: DirectoryNode;
  readonly name: string;
  readonly node: TreeNode | undefined;
}

export class SimulatedDirectoryTree {
  readonly #root: DirectoryNode = newDirectory();
  #pending: Operation[] = [];

  /** What is at `path`, if anything is. */
  find(path: string): TreeNode | undefined {
    let node: TreeNode | undefined = this.#root;
    for (const name of namesOf(path)) {
      node = node?.kind === 'directory' ? node.entries.get(name) : undefined;
    }
    return node;
  }

  /** The folder at `path`. */
  directory(path: string, action: string): DirectoryNode {
    const node = this.find(path);
    if (node === undefined) {
      throw notFound(path, action);
    }
    if (node.kind !== 'directory') {
      throw new DiskError('OTHER', path, `Cannot ${action} ${path}: it is not a folder`);
    }
    return node;
  }

  createFile(path: string): FileNode {
    const { directory, name } = this.#place(path, 'open');
    const node: FileNode = { kind: 'file', content: new SimulatedFileContent(), references: 0 };
    this.#change(directory, [{ directory, name, node }]);
    return node;
  }

  makeDirectory(path: string): void {
    let directory = this.#root;
    for (const name of namesOf(path)) {
      let node = directory.entries.get(name);
      if (node === undefined) {
        node = newDirectory();
        this.#change(directory, [{ directory, name, node }]);
      } else if (node.kind === 'file') {
        throw new DiskError('OTHER', path, `Cannot create the folder ${path}: ${name} is a file`);
      }
      directory = node;
    }
  }

  list(path: string): DiskEntry[] {
    const { entries } = this.directory(path, 'list');
    return Array.from(entries, ([name, node]) => ({ name, kind: node.kind }));
  }

  rename(from: string, to: string): void {
    const action = `rename to ${to}:`;
    const source = this.#place(from, action);
    const target = this.#place(to, action);
    const node = source.node;
    if (node === undefined) {
      throw notFound(from, action);
    }
    if (node === target.node) {
      return;
    }
    const replaced = target.node;
    if (replaced !== undefined && (replaced.kind !== node.kind || hasEntries(replaced))) {
      throw new DiskError(
        'OTHER',
        from,
        `Cannot ${action} ${from}: a folder or another kind of file is there`,
      );
    }
    if (node.kind === 'directory' && isWithin(target.directory, node)) {
      throw new DiskError(
        'OTHER',
        from,
        `Cannot ${action} ${from}: the new place is inside the folder itself`,
      );
    }
    this.#change(target.directory, [
      { directory: source.directory, name: source.name, node: undefined },
      { directory: target.directory, name: target.name, node },
    ]);
  }

  link(from: string, to: string): void {
    const action = `link as ${to}:`;
    const node = this.find(from);
    if (node === undefined) {
      throw notFound(from, action);
    }
    const target = this.#place(to, action);
    if (node.kind === 'directory' || target.node !== undefined) {
      throw new DiskError('OTHER', from, `Cannot ${action} ${from}: it is a folder, or the name is taken`);
    }
    this.#change(target.directory, [{ directory: target.directory, name: target.name, node }]);
  }

  /** Removes a file; fine if it is gone. */
  remove(path: string): void {
    const node = this.find(path);
    if (node === undefined) {
      return;
    }
    if (node.kind === 'directory') {
      throw new DiskError('OTHER', path, `Cannot remove ${path}: it is a folder`);
    }
    const { directory, name } = this.#place(path, 'remove');
    this.#change(directory, [{ directory, name, node: undefined }]);
  }

  /** Removes a file or folder and all within, each entry an operation of its own. */
  removeTree(path: string): void {
    const node = this.find(path);
    if (node === undefined) {
      return;
    }
    if (node.kind === 'directory') {
      for (const name of node.entries.keys()) {
        this.removeTree(`${path}/${name}`);
      }
    }
    const { directory, name } = this.#place(path, 'remove');
    this.#change(directory, [{ directory, name, node: undefined }]);
  }

  /** Makes the operations of this folder durable. */
  sync(directory: DirectoryNode): void {
    const own = new Set(this.#pending.filter((operation) => operation.directory === directory));
    this.#makeDurable(withEarlierOnSameEntry(this.#pending, own));
  }

  /** The power fails: entries and contents become what has survived. Returns the files that are left. */
  powerCut(random: SeededRandom): FileNode[] {
    const drawn = drawSurvivors(this.#pending, random);
    this.#makeDurable(withEarlierOnSameEntry(this.#pending, new Set(drawn)));
    this.#pending = [];
    return this.#restoreDurable(random);
  }

  /** All files that can be reached now, with their paths, ordered by path. */
  files(): { path: string; node: FileNode }[] {
    const found: { path: string; node: FileNode }[] = [];
    const walk = (directory: DirectoryNode, prefix: string): void => {
      for (const name of [...directory.entries.keys()].sort()) {
        const node = directory.entries.get(name)!;
        if (node.kind === 'file') {
          found.push({ path: `${prefix}/${name}`, node });
        } else {
          walk(node, `${prefix}/${name}`);
        }
      }
    };
    walk(this.#root, '');
    return found;
  }

  #makeDurable(operations: ReadonlySet<Operation>): void {
    for (const operation of this.#pending) {
      if (operations.has(operation)) {
        for (const change of operation.changes) {
          apply(change.directory.durable, change);
        }
      }
    }
    this.#pending = this.#pending.filter((operation) => !operations.has(operation));
  }

  #restoreDurable(random: SeededRandom): FileNode[] {
    const files = new Set<FileNode>();
    const walk = (directory: DirectoryNode): void => {
      directory.entries = new Map(directory.durable);
      for (const node of directory.entries.values()) {
        if (node.kind === 'directory') {
          walk(node);
        } else if (files.has(node)) {
          node.references += 1;
        } else {
          files.add(node);
          node.references = 1;
          node.content.powerCut(random);
        }
      }
    };
    walk(this.#root);
    return [...files];
  }

  #place(path: string, action: string): Place {
    const names = namesOf(path);
    const name = names.pop();
    if (name === undefined) {
      throw new DiskError('OTHER', path, `Cannot ${action} ${path}: it is the root folder`);
    }
    const directory = this.directory(`/${names.join('/')}`, action);
    return { directory, name, node: directory.entries.get(name) };
  }

  #change(directory: DirectoryNode, changes: readonly EntryChange[]): void {
    for (const change of changes) {
      const replaced = change.directory.entries.get(change.name);
      if (change.node?.kind === 'file') {
        change.node.references += 1;
      }
      if (replaced?.kind === 'file') {
        replaced.references -= 1;
      }
      apply(change.directory.entries, change);
    }
    this.#pending.push({ directory, changes });
  }
}

/** Any subset of the operations, in their order; all, none and a prefix of them more often than chance would have it. */
function drawSurvivors(operations: readonly Operation[], random: SeededRandom): readonly Operation[] {
  switch (random.integer(6)) {
    case 0:
      return [];
    case 1:
      return operations;
    case 2:
      return operations.slice(0, random.integer(operations.length + 1));
    default:
      return operations.filter(() => random.integer(2) === 0);
  }
}

/** Those of `operations` that are in `wanted`, and with each the earlier ones on an entry of its own. */
function withEarlierOnSameEntry(
  operations: readonly Operation[],
  wanted: ReadonlySet<Operation>,
): ReadonlySet<Operation> {
  const result = new Set<Operation>();
  const entries = new Map<DirectoryNode, Set<string>>();
  for (const operation of operations.toReversed()) {
    if (
      wanted.has(operation) ||
      operation.changes.some((change) => entries.get(change.directory)?.has(change.name) === true)
    ) {
      result.add(operation);
      for (const { directory, name } of operation.changes) {
        const names = entries.get(directory) ?? new Set();
        entries.set(directory, names.add(name));
      }
    }
  }
  return result;
}

function newDirectory(): DirectoryNode {
  return { kind: 'directory', entries: new Map(), durable: new Map() };
}

function apply(entries: Map<string, TreeNode>, change: EntryChange): void {
  if (change.node === undefined) {
    entries.delete(change.name);
  } else {
    entries.set(change.name, change.node);
  }
}

function hasEntries(node: TreeNode): boolean {
  return node.kind === 'directory' && node.entries.size > 0;
}

function isWithin(directory: DirectoryNode, ancestor: DirectoryNode): boolean {
  return (
    directory === ancestor ||
    [...ancestor.entries.values()].some((node) => node.kind === 'directory' && isWithin(directory, node))
  );
}

function notFound(path: string, action: string): DiskError {
  return new DiskError('NOT_FOUND', path, `Cannot ${action} ${path}: no such file or folder (simulated)`);
}

/** The names along a path. Relative paths begin at the root. */
function namesOf(path: string): string[] {
  const names: string[] = [];
  for (const name of path.split('/')) {
    if (name === '..') {
      names.pop();
    } else if (name !== '' && name !== '.') {
      names.push(name);
    }
  }
  return names;
}
