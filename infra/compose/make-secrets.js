/**
 * Purpose: `docker compose` alone: makes the passwords of this machine, once, in a volume that only
 * those who need them mount; and gives new volumes to the user that works on them.
 *   node make-secrets.js OWNER [FOLDER…] secrets into /secrets; each FOLDER is given to the user
 *   OWNER
 * Invariants: no password is in the repository, in an image, in a container's environment or in a
 * log; one that is given (MINIO_ROOT_USER, MINIO_ROOT_PASSWORD, GRAFANA_PASSWORD) beats what is
 * there, what is there beats a new one. Files are read by OWNER and by nobody else.
 * Fails: with Node's error where the volume cannot be written; what waits for it does not start
 * then.
 */
import { randomBytes } from 'node:crypto';
import { chownSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const FOLDER = process.env.SECRETS_FOLDER ?? '/secrets';
const [owner, ...folders] = process.argv.slice(2);
const user = Number(owner);

/**
 * A file appears whole, under its last owner. Its group is root's, so that the next run can read it
 * without a capability.
 */
function write(name, text) {
  const draft = `${FOLDER}/.${name}`;
  writeFileSync(draft, text, { mode: 0o440 });
  chownSync(draft, user, process.getgid());
  renameSync(draft, `${FOLDER}/${name}`);
}

function secret(name, given, length) {
  let value = given?.trim();
  try {
    value ||= readFileSync(`${FOLDER}/${name}`, 'utf8');
  } catch {
    value ||= randomBytes(length).toString('hex');
  }
  write(name, value);
  return value;
}

const { MINIO_ROOT_USER, MINIO_ROOT_PASSWORD, GRAFANA_PASSWORD } = process.env;
mkdirSync(FOLDER, { recursive: true });
const accessKey = secret('minio-user', MINIO_ROOT_USER, 8);
const secretKey = secret('minio-password', MINIO_ROOT_PASSWORD, 24);
secret('grafana-password', GRAFANA_PASSWORD, 16);
// The same two as the tools that use them want to read them: AWS's SDK, and MinIO's client.
write('aws', `[default]\naws_access_key_id = ${accessKey}\naws_secret_access_key = ${secretKey}\n`);
const alias = { url: 'http://minio:9000', accessKey, secretKey, api: 's3v4', path: 'auto' };
write('mc.json', JSON.stringify({ version: '10', aliases: { s3: alias } }));
for (const folder of folders) chownSync(folder, user, user);
