/**
 * Purpose: the Dockerfile's images and the compose file's services keep what docs/containers.md
 * promises, and fit one another.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
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
const TARGETS = [...SERVICES, 'demo'];

describe('the images', () => {
  test('the last stage, which is built where no target is named, goes the end-to-end run', () => {
    expect(stages.at(-1)?.name).toBe('demo');
    expect(lastOf(stages, 'demo', 'CMD')).toBe('["start"]');
  });

  test.each(TARGETS)(
    '%s: a user by number, node itself as process 1, production, labelled',
    (target) => {
      expect(lastOf(stages, target, 'USER')).toMatch(/^[1-9]\d*:[1-9]\d*$/);
      expect(JSON.parse(lastOf(stages, target, 'ENTRYPOINT')!)[0]).toBe('node');
      const [name] = JSON.parse(lastOf(stages, target, 'CMD')!);
      expect(buildProgram({}).commands.map((command) => command.name())).toContain(name);
      expect(lastOf(stages, target, 'ENV')).toContain('NODE_ENV=production');
      expect(lastOf(stages, target, 'STOPSIGNAL')).toBe('SIGTERM');
      for (const label of ['title', 'description', 'licenses', 'version', 'revision', 'source']) {
        expect(lastOf(stages, target, 'LABEL')).toContain(`org.opencontainers.image.${label}=`);
      }
    },
  );

  test.each(TARGETS)(
    '%s: nothing but copying after the user is set, and packages from a stage that built them',
    (target) => {
      const lines = lineageOf(stages, target).flatMap((stage) => stage.lines);
      const after = lines.slice(lines.findIndex(({ instruction }) => instruction === 'USER'));
      expect(after.filter(({ instruction }) => instruction === 'RUN')).toEqual([]);
      const sources = lines.flatMap(({ rest }) => /^--from=(\S+)/.exec(rest)?.[1] ?? []);
      expect(sources).toHaveLength(1);
      const built = lineageOf(stages, sources[0]!).flatMap((stage) =>
        stage.lines.map(({ rest }) => rest),
      );
      expect(built.some((rest) => rest.includes('npm ci --omit=dev --ignore-scripts'))).toBe(true);
    },
  );

  test('what listens is asked whether it lives, what does not listen is not', () => {
    for (const target of ['inference', 'demo'])
      expect(lastOf(stages, target, 'HEALTHCHECK')).toContain('/health/live');
    for (const target of ['features', 'training'])
      expect(lastOf(stages, target, 'HEALTHCHECK')).toBeUndefined();
  });

  test('one base, of a whole version that the project supports, and no npm where it runs', () => {
    const bases = new Set(
      stages
        .map((stage) => stage.from)
        .filter((from) => !stages.some((stage) => stage.name === from)),
    );
    // biome-ignore lint/suspicious/noTemplateCurlyInString: Docker's variable, not ours.
    expect([...bases]).toEqual(['${NODE_IMAGE}']);
    expect(textOf('Dockerfile')).toMatch(
      /^ARG NODE_IMAGE=node:(20|22|24)\.\d+\.\d+-bookworm-slim(@sha256:[0-9a-f]{64})?$/m,
    );
    const removed = lineageOf(stages, 'inference').flatMap((stage) =>
      stage.lines.map(({ rest }) => rest),
    );
    expect(removed.some((rest) => rest.includes('rm -rf /usr/local/lib/node_modules'))).toBe(true);
  });

  test('variables of the images are settings', () => {
    const variables = [...lastOf(stages, 'inference', 'ENV')!.matchAll(/(\w+)=(\S+)/g)].map(
      ([, name, value]) => [name, value],
    );
    expect(() => readSettings(Object.fromEntries(variables), {}, { domain: 'none' })).not.toThrow();
  });

  test('every folder that the program needs comes in, and nothing else', () => {
    const allowed = textOf('.dockerignore')
      .split('\n')
      .filter((line) => line.startsWith('!'))
      .map((line) => line.slice(1));
    const code = new Set(
      readTree()
        .filter(({ path }) => /^[a-z]+\/.*\.ts$/.test(path))
        .map(({ path }) => path.split('/')[0]!),
    );
    for (const folder of ['tests', 'bench', 'docs', 'infra', 'clients', 'tools'])
      code.delete(folder);
    expect(allowed).toEqual(expect.arrayContaining([...code]));
    expect(allowed.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(allowed.filter((path) => ['.git', 'tests', 'docs', 'infra'].includes(path))).toEqual([]);
  });
});

describe('the compose file', () => {
  const { services, volumes } = treeOf('docker-compose.yml') as {
    services: Record<string, Tree>;
    volumes: Record<string, null>;
  };
  const each = Object.entries(services);

  test.each(each)('%s is confined', (_name, service) => {
    expect(service).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
      init: true,
    });
    expect(service.privileged).toBeUndefined();
    expect([service.mem_limit, service.pids_limit]).toEqual([
      expect.stringMatching(/^\d+[mg]$/),
      expect.any(Number),
    ]);
    // Root only where it ends at once, reaches nothing, and may do one thing.
    if (service.user?.startsWith('0')) {
      expect([service.restart, service.network_mode, service.cap_add]).toEqual([
        undefined,
        'none',
        ['CHOWN'],
      ]);
    } else expect(service.cap_add).toBeUndefined();
    for (const port of service.ports ?? []) expect(port).toMatch(/^127\.0\.0\.1:/);
    expect(service.tmpfs.some((mount: string) => mount.startsWith('/tmp:'))).toBe(true);
  });

  test.each(each)('%s: image, volumes and profiles are there', (_name, service) => {
    expect(service.image).toMatch(/^headway-[a-z]+$|^[a-z]+\/[a-z]+:(?!latest)[\w.-]+$/);
    if (service.build) {
      expect(service.image).toBe(`headway-${service.build.target}`);
      expect(stages.map((stage) => stage.name)).toContain(service.build.target);
    }
    for (const mount of service.volumes ?? []) {
      const [source] = mount.split(':');
      expect([
        mount,
        source.startsWith('./') ? existsSync(join(ROOT, source)) : source in volumes,
      ]).toEqual([mount, true]);
      if (source.startsWith('./')) expect(mount).toMatch(/:ro$/);
    }
    expect(
      service.profiles.every((profile: string) => ['files', 's3', 'observe'].includes(profile)),
    ).toBe(true);
  });

  test.each(each)(
    '%s: what it waits for runs in the same profiles, and can be waited for so',
    (_name, service) => {
      for (const [name, { condition }] of Object.entries<Tree>(service.depends_on ?? {})) {
        const other = services[name];
        expect(service.profiles.every((profile: string) => other.profiles.includes(profile))).toBe(
          true,
        );
        if (condition === 'service_healthy') expect(other.healthcheck?.test).toBeDefined();
        else
          expect([condition, other.restart]).toEqual(['service_completed_successfully', undefined]);
      }
    },
  );

  test('every volume is used', () => {
    const used = each
      .flatMap(([, service]) => service.volumes ?? [])
      .map((mount: string) => mount.split(':')[0]);
    expect(Object.keys(volumes).filter((name) => !used.includes(name))).toEqual([]);
  });

  test('no password has a value here: who needs one reads a file of the volume', () => {
    for (const [, service] of each) {
      for (const [name, value] of Object.entries<string>(service.environment ?? {})) {
        if (!/PASSWORD|SECRET|ACCESS_KEY|_USER(_|$)/.test(name) || name.startsWith('GF_USERS'))
          continue;
        expect([name, value]).toEqual([
          name,
          expect.stringMatching(/^\/secrets\/[\w-]+$|^\$\{\w+:-\}$/),
        ]);
      }
    }
    const makes = textOf('infra/compose/make-secrets.js');
    for (const [, service] of each) {
      for (const [, file] of JSON.stringify([service.environment, service.entrypoint]).matchAll(
        /\/secrets\/([\w.-]+)/g,
      )) {
        expect(makes).toContain(`'${file}'`);
        expect(service.volumes).toContain('secrets:/secrets:ro');
      }
    }
  });

  test('on S3 and on files the services are the same but for the store', () => {
    for (const name of ['feature', 'training', 'inference']) {
      const onFiles = services[name];
      const onS3 = services[`${name}-s3`];
      const { environment, volumes: _v, profiles: _p, ...rest } = onFiles;
      const {
        environment: environmentS3,
        volumes: _vs,
        profiles: _ps,
        depends_on: _d,
        ...restS3
      } = onS3;
      expect(restS3).toEqual(rest);
      expect(environmentS3).toMatchObject(environment);
    }
  });

  test('settings are settings, whatever is left empty', () => {
    for (const [, { environment = {} }] of each) {
      const ours = Object.entries<string>(environment).filter(([name]) =>
        name.startsWith('HEADWAY_'),
      );
      const filled = ours.map(([name, value]) => [name, value.replace(/^\$\{\w+:-(.*)\}$/, '$1')]);
      expect(() => readSettings(Object.fromEntries(filled), {}, { domain: 'none' })).not.toThrow();
    }
  });
});

describe('the passwords of a machine', () => {
  const make = (folder: string, given: Record<string, string> = {}) => {
    const user = String(process.getuid?.() ?? 0);
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      ['infra/compose/make-secrets.js', user],
      {
        cwd: ROOT,
        env: { SECRETS_FOLDER: folder, ...given },
        encoding: 'utf8',
      },
    );
    expect([status, stderr, stdout]).toEqual([0, '', '']);
    return Object.fromEntries(
      readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]),
    );
  };

  test('are new on every machine, stay, are nobody else’s to read, and give way to those that are given', () => {
    const [one, other] = [0, 1].map(() => mkdtempSync(join(tmpdir(), 'headway-secrets-'))) as [
      string,
      string,
    ];
    try {
      const first = make(one);
      expect(Object.keys(first).sort()).toEqual([
        'aws',
        'grafana-password',
        'mc.json',
        'minio-password',
        'minio-user',
      ]);
      expect(make(one)).toEqual(first);
      const elsewhere = make(other);
      for (const name of Object.keys(first)) {
        expect(elsewhere[name]).not.toBe(first[name]);
        expect(statSync(join(one, name)).mode & 0o777).toBe(0o440);
      }
      const given = make(one, { MINIO_ROOT_PASSWORD: 'of-my-own', GRAFANA_PASSWORD: '' });
      expect(given).toMatchObject({
        'minio-password': 'of-my-own',
        'minio-user': first['minio-user'],
      });
      expect(given['grafana-password']).toBe(first['grafana-password']);
      expect(given.aws).toBe(
        `[default]\naws_access_key_id = ${first['minio-user']}\naws_secret_access_key = of-my-own\n`,
      );
      expect(JSON.parse(given['mc.json']!).aliases.s3).toMatchObject({
        accessKey: first['minio-user'],
        secretKey: 'of-my-own',
      });
    } finally {
      for (const folder of [one, other]) rmSync(folder, { recursive: true, force: true });
    }
  });
});
