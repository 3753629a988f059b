/** Purpose: the images and the services of the compose file are confined, and fit the program. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { buildProgram } from '../../../cli/main.ts';
import { readSettings } from '../../../platform/settings/settings.ts';
import {
  lastOf,
  lineageOf,
  SERVICES,
  stagesOf,
  type Tree,
  textOf,
  treeOf,
} from '../../fixtures/delivery/delivery-files.ts';
import { ROOT, readTree } from '../../tidy/source-tree.ts';

const stages = stagesOf();

describe('images', () => {
  test.each([...SERVICES, 'demo'])('%s runs a command of the program and not as root', (target) => {
    expect(lastOf(stages, target, 'USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(JSON.parse(lastOf(stages, target, 'ENTRYPOINT') as string)[0]).toBe('node');
    const [name] = JSON.parse(lastOf(stages, target, 'CMD') as string);
    expect(buildProgram({}).commands.map((command) => command.name())).toContain(name);
    const variables = [...(lastOf(stages, target, 'ENV') as string).matchAll(/(\w+)=(\S+)/g)].map(
      ([, variable, value]) => [variable, value],
    );
    expect(() => readSettings(Object.fromEntries(variables), {}, { domain: 'none' })).not.toThrow();
  });

  test.each([...SERVICES, 'demo'])(
    '%s copies sources after packages, with their own modes',
    (target) => {
      const copies = lineageOf(stages, target)
        .flatMap(({ lines }) => lines)
        .filter(({ instruction }) => instruction === 'COPY')
        .map(({ rest }) => rest);
      expect(copies).toEqual([
        expect.stringMatching(/^--from=\S+ \/app\/node_modules /),
        '--chmod=755 . .',
      ]);
      const packages = /^--from=(\S+)/.exec(copies[0] as string)?.[1] as string;
      const last = lineageOf(stages, packages)
        .flatMap(({ lines }) => lines)
        .findLast(({ instruction }) => instruction === 'RUN');
      // The same layer whenever it is built: it is not pushed again.
      expect(last?.rest).toMatch(/touch --no-dereference --date=@0/);
    },
  );

  test('contain every folder that the program needs, and nothing else', () => {
    const allowed = textOf('.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    const code = new Set(
      readTree().flatMap(({ path }) => /^([a-z]+)\/.*\.ts$/.exec(path)?.[1] ?? []),
    );
    for (const folder of ['tests', 'bench', 'docs', 'infra', 'clients', 'library', 'tools'])
      code.delete(folder);
    expect(allowed).toEqual(expect.arrayContaining([...code]));
    expect(allowed.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(allowed.filter((path) => ['.git', 'tests', 'docs', 'infra'].includes(path))).toEqual([]);
  });
});

describe('compose file', () => {
  const { services, volumes } = treeOf('docker-compose.yml');
  const each = Object.entries<Tree>(services);

  test.each(each)('%s is confined and reachable from this machine only', (_name, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      mem_limit: expect.stringMatching(/^\d+[mg]$/),
      pids_limit: expect.any(Number),
    });
    expect(service).not.toHaveProperty('privileged');
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    // Root only where it ends at once, reaches nothing, and may do one thing.
    const { user = '', restart, network_mode, cap_add } = service;
    expect([restart, network_mode, cap_add]).toEqual(
      user.startsWith('0') ? [undefined, 'none', ['CHOWN']] : [restart, network_mode, undefined],
    );
  });

  test.each(each)(
    '%s has an existing image, volumes, settings and dependencies',
    (_name, service) => {
      if (service.build) expect(stages.map(({ name }) => name)).toContain(service.build.target);
      else expect(service.image).toMatch(/^[a-z]+\/[a-z]+:(?!latest)[\w.-]+$/);
      for (const mount of service.volumes ?? []) {
        const [source] = mount.split(':');
        if (source.startsWith('./')) expect(existsSync(join(ROOT, source))).toBe(true);
        else expect(volumes).toHaveProperty([source]);
      }
      for (const name of Object.keys(service.depends_on ?? {}))
        expect(services[name].profiles).toEqual(expect.arrayContaining(service.profiles));
      const ours = Object.entries<string>(service.environment ?? {})
        .filter(([name]) => name.startsWith('HEADWAY_'))
        .map(([name, value]) => [name, value.replace(/^\$\{\w+:-(.*)\}$/, '$1')]);
      expect(() => readSettings(Object.fromEntries(ours), {}, { domain: 'none' })).not.toThrow();
    },
  );

  test('reads every password from a file of the volume', () => {
    const secrets = each
      .flatMap(([, service]) => Object.entries<string>(service.environment ?? {}))
      .filter(([name]) => /PASSWORD|SECRET|ACCESS_KEY|_USER(_|$)/.test(name))
      .filter(([name]) => !name.startsWith('GF_USERS'));
    expect(secrets.length).toBeGreaterThan(0);
    for (const [, value] of secrets) expect(value).toMatch(/^\/secrets\/[\w-]+$|^\$\{\w+:-\}$/);
  });

  test.each(['feature', 'training', 'monitoring', 'inference'])(
    '%s differs on S3 only in its store',
    (name) => {
      const { environment, volumes: _v, profiles: _p, ...rest } = services[name];
      expect(services[`${name}-s3`]).toMatchObject({ environment, ...rest });
    },
  );
});
