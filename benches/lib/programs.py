"""The programs that are compared: how each is told to do the same work. All compress with Zstandard at about level 3 (restic
has no numbers: `auto` is its Go encoder's default, which stands for 3), all encrypt, and each keeps its cache in a folder of
its own. vykar's commands follow its manual; it is in no package registry, so they are tried only where somebody has it."""

import json
import os
import shutil
import subprocess
import urllib.parse

PASSWORD = "seven red apples on the vicarage wall"


class Program:
    """One program with one repository. `place` is its own folder; `s3` is `None` or (endpoint, bucket, prefix)."""

    name = ""
    version_command = ("--version",)
    on_s3 = True
    # How the steps are opened, and how `open` is: for the notes below the table.
    opened_with = "password"

    def __init__(self, binary, place, s3):
        self.binary, self.place, self.s3 = binary, place, s3
        self.folder = os.path.join(place, "repository")
        self.cache = os.path.join(place, "cache")
        os.makedirs(self.cache)
        self.env = {
            "PATH": os.environ["PATH"],
            "HOME": os.path.join(place, "home"),
            "XDG_CACHE_HOME": self.cache,
            "LANG": "C.UTF-8",
        }
        if s3:
            self.env["AWS_ACCESS_KEY_ID"] = os.environ["AWS_ACCESS_KEY_ID"]
            self.env["AWS_SECRET_ACCESS_KEY"] = os.environ["AWS_SECRET_ACCESS_KEY"]
            self.env["AWS_DEFAULT_REGION"] = self.env["AWS_REGION"] = region()
        os.makedirs(self.env["HOME"])

    @classmethod
    def version(cls, binary):
        """As it says itself, in one line."""
        said = subprocess.run([binary, *cls.version_command], capture_output=True, text=True, check=True).stdout
        return said.splitlines()[0].strip()

    def drop_cache(self):
        """Forgets all that the program could fetch again from its repository."""
        shutil.rmtree(self.cache)
        os.makedirs(self.cache)

    def setup(self):
        """Untimed commands that make the repository."""
        self.quietly(self.init())

    def quietly(self, command):
        """Runs an untimed command; gives what it wrote."""
        done = subprocess.run(
            command, env=self.env, cwd=self.place, capture_output=True, text=True, stdin=subprocess.DEVNULL
        )
        if done.returncode != 0:
            raise RuntimeError(f"{' '.join(command)}: {done.stderr[-2000:]}{done.stdout[-500:]}")
        return done.stdout

    def in_folder(self, _to):
        """Where the restoring command is started."""
        return self.place


class Chest(Program):
    """Ours. A backup needs no secret; a restore is opened with the recovery words, so that nothing but the work is timed."""

    name = "chest"
    opened_with = "the computer's own key (backup), recovery words (restore)"

    def __init__(self, binary, place, s3):
        super().__init__(binary, place, s3)
        self.passphrase, self.words = os.path.join(place, "passphrase"), os.path.join(place, "words")
        repo = self.folder
        if s3:
            endpoint, bucket, prefix = s3
            repo = f"s3://{bucket}/{prefix}"
            self.env.update(CHEST_S3_ENDPOINT=endpoint, CHEST_S3_REGION=region())
        self.env.update(
            CHEST_REPO=repo,
            CHEST_STATE_DIR=os.path.join(place, "state"),
            CHEST_CACHE_DIR=os.path.join(self.cache, "chest"),
        )

    def setup(self):
        write(self.passphrase, PASSWORD)
        self.env["CHEST_PASSPHRASE_FILE"] = self.passphrase
        made = json.loads(self.quietly([self.binary, "init", "--json"]))
        write(self.words, " ".join(made["recovery_words"]))
        del self.env["CHEST_PASSPHRASE_FILE"]
        self.env["CHEST_RECOVERY_WORDS_FILE"] = self.words

    def backup(self, source):
        # The others leave nothing out by themselves.
        return [self.binary, "backup", "--level", "3", "--no-default-excludes", source]

    def restore(self, _source, to):
        return [self.binary, "restore", "latest", "--to", to]

    def restore_one(self, source, path, to):
        return [self.binary, "restore", "latest", f"{os.path.basename(source)}/{path}", "--to", to]

    def open(self):
        """With the passphrase, at the default cost."""
        del self.env["CHEST_RECOVERY_WORDS_FILE"]
        self.env["CHEST_PASSPHRASE_FILE"] = self.passphrase
        return [self.binary, "snapshots"]

    def open_underived(self):
        """The same without the derivation: what is left is the opening itself."""
        self.env.pop("CHEST_PASSPHRASE_FILE", None)
        self.env["CHEST_RECOVERY_WORDS_FILE"] = self.words
        return [self.binary, "snapshots"]


class Restic(Program):
    """restic, with a password."""

    name = "restic"
    version_command = ("version",)

    def __init__(self, binary, place, s3):
        super().__init__(binary, place, s3)
        repository = f"s3:{'/'.join(s3)}" if s3 else self.folder
        self.env.update(RESTIC_REPOSITORY=repository, RESTIC_PASSWORD=PASSWORD, RESTIC_CACHE_DIR=self.cache)
        self.env["RESTIC_COMPRESSION"] = "auto"

    def init(self):
        return [self.binary, "init"]

    def backup(self, source):
        return [self.binary, "backup", "--quiet", source]

    def restore(self, source, to):
        return [self.binary, "restore", "--quiet", f"latest:{source}", "--target", to]

    def restore_one(self, source, path, to):
        whole = os.path.join(source, path)
        return [
            self.binary,
            "restore",
            "--quiet",
            f"latest:{os.path.dirname(whole)}",
            "--include",
            "/" + os.path.basename(path),
            "--target",
            to,
        ]

    def open(self):
        return [self.binary, "snapshots"]


class Rustic(Program):
    """rustic, with a password, on restic's format."""

    name = "rustic"

    def __init__(self, binary, place, s3):
        super().__init__(binary, place, s3)
        profile = {"repository": self.folder}
        options = {}
        if s3:
            endpoint, bucket, prefix = s3
            profile = {"repository": "opendal:s3"}
            options = {"endpoint": endpoint, "bucket": bucket, "root": prefix, "region": region()}
        lines = ["[repository]"]
        profile.update({"password": PASSWORD, "cache-dir": self.cache})
        lines += [f"{key} = {json.dumps(value)}" for key, value in profile.items()]
        lines += ["[repository.options]"] + [f"{key} = {json.dumps(value)}" for key, value in options.items()]
        self.profile = os.path.join(place, "rustic")
        write(self.profile + ".toml", "\n".join(lines) + "\n")

    def command(self, *words):
        return [self.binary, "--use-profile", self.profile, "--no-progress", "--log-level", "warn", *words]

    def init(self):
        return self.command("init", "--set-compression", "3")

    def backup(self, source):
        return self.command("backup", source)

    def restore(self, source, to):
        return self.command("restore", f"latest:{source}", to)

    def restore_one(self, source, path, to):
        return self.command("restore", f"latest:{os.path.join(source, path)}", os.path.join(to, os.path.basename(path)))

    def open(self):
        return self.command("snapshots")


class Borg(Program):
    """borg 1.4 with a passphrase in the repository (repokey-blake2)."""

    name = "borg"
    on_s3 = False

    def __init__(self, binary, place, s3):
        super().__init__(binary, place, s3)
        self.number = 0
        self.env.update(BORG_REPO=self.folder, BORG_PASSPHRASE=PASSWORD, BORG_BASE_DIR=self.env["HOME"])
        self.env.update(BORG_CACHE_DIR=self.cache, BORG_RELOCATED_REPO_ACCESS_IS_OK="yes")

    def init(self):
        return [self.binary, "init", "--encryption", "repokey-blake2"]

    def backup(self, source):
        self.number += 1
        return [self.binary, "create", "--compression", "zstd,3", f"::{self.number}", source]

    def restore(self, _source, _to):
        return [self.binary, "extract", f"::{self.number}"]

    def restore_one(self, source, path, _to):
        return [self.binary, "extract", f"::{self.number}", os.path.join(source, path).lstrip("/")]

    def in_folder(self, to):
        return to

    def open(self):
        return [self.binary, "list"]


class Bupstash(Program):
    """bupstash. Its key lies in a file and nothing is derived from a password."""

    name = "bupstash"
    on_s3 = False
    opened_with = "a key file"

    def __init__(self, binary, place, s3):
        super().__init__(binary, place, s3)
        self.key = os.path.join(place, "key")
        self.env.update(BUPSTASH_REPOSITORY=self.folder, BUPSTASH_KEY=self.key)
        self.env.update(
            BUPSTASH_SEND_LOG=os.path.join(self.cache, "send"), BUPSTASH_QUERY_CACHE=os.path.join(self.cache, "query")
        )

    def setup(self):
        self.quietly([self.binary, "new-key", "-o", self.key])
        self.quietly([self.binary, "init"])

    def backup(self, source):
        return [self.binary, "put", "--quiet", "--compression", "zstd:3", "--no-default-tags", "name=bench", source]

    def newest(self):
        """The id of the last item."""
        listed = self.quietly([self.binary, "list", "--format", "jsonl1"]).splitlines()
        return json.loads(listed[-1])["id"]

    def restore(self, _source, to):
        return [self.binary, "restore", "--quiet", "--into", to, f"id={self.newest()}"]

    def restore_one(self, _source, path, to):
        take = [self.binary, "get", "--quiet", "--pick", path, f"id={self.newest()}"]
        return ["sh", "-c", 'out=$1; shift; exec "$@" > "$out"', "sh", os.path.join(to, os.path.basename(path)), *take]

    def open(self):
        return [self.binary, "list"]


class Vykar(Program):
    """vykar, with a passphrase."""

    name = "vykar"

    def __init__(self, binary, place, s3):
        super().__init__(binary, place, s3)
        lines = ["repositories:", '  - label: "bench"', f"    url: {json.dumps(self.folder)}"]
        if s3:
            endpoint, bucket, prefix = s3
            parts = urllib.parse.urlsplit(endpoint)
            scheme = "s3+http" if parts.scheme == "http" else "s3"
            lines[-1] = f"    url: {json.dumps(f'{scheme}://{parts.netloc}/{bucket}/{prefix}')}"
            lines += ["    allow_insecure_http: true"] if parts.scheme == "http" else []
            for key, value in (
                ("region", region()),
                ("access_key_id", self.env["AWS_ACCESS_KEY_ID"]),
                ("secret_access_key", self.env["AWS_SECRET_ACCESS_KEY"]),
            ):
                lines.append(f"    {key}: {json.dumps(value)}")
        lines += ["encryption:", "  mode: auto", f"  passphrase: {json.dumps(PASSWORD)}"]
        lines += ["compression:", "  algorithm: zstd", "  zstd_level: 3", "git_ignore: false"]
        self.configuration = os.path.join(place, "vykar.yaml")
        write(self.configuration, "\n".join(lines) + "\n")
        self.env["VYKAR_PASSPHRASE"] = PASSWORD

    def command(self, *words):
        return [self.binary, "--config", self.configuration, *words]

    def init(self):
        return self.command("init", "-R", "bench")

    def backup(self, source):
        return self.command("backup", "-R", "bench", "-l", "bench", source)

    def restore(self, _source, to):
        return self.command("restore", "-R", "bench", "latest", to)

    def restore_one(self, _source, path, to):
        return self.command("restore", "-R", "bench", "latest", to, "--pattern", f"**/{os.path.basename(path)}")

    def open(self):
        return self.command("list", "-R", "bench")


ALL = (Chest, Vykar, Rustic, Restic, Borg, Bupstash)


def region():
    """The region that requests are signed for."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"


def write(path, text):
    """A file for its owner alone."""
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
