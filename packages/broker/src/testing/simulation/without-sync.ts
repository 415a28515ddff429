// A disk that calls records durable when they are only written: to show that a simulated run notices what is broken.
import type { Disk, DiskFile } from '@moldau/runtime';

export function withoutSync(disk: Disk): Disk {
  return new Proxy(disk, {
    get(target, property) {
      const value = Reflect.get(target, property) as unknown;
      if (property !== 'open')
        return typeof value === 'function' ? (value as (...args: unknown[]) => unknown).bind(target) : value;
      return async (...args: Parameters<Disk['open']>): Promise<DiskFile> => {
        const file = await target.open(...args);
        if (args[0].startsWith('/data/logs/'))
          file.writeDurably = (buffers, position) => file.write(buffers, position);
        return file;
      };
    },
  });
}
