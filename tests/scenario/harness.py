# SPDX-License-Identifier: Apache-2.0
"""Nodes as a test sees them: a data directory, processes, addresses, clients. Nothing here knows
what is tested. Every wait is for a condition, with a deadline."""

import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import time
import urllib.request

import boto3
import botocore.config
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rdatatype

SANITIZER = os.environ.get("WEIR_SANITIZER", "")
WEIR = os.environ.get("WEIR_BIN", "build/weir")
WEIR_FAULTS = os.environ.get("WEIR_FAULTS_BIN", "build-faults/weir")

# Deadlines are for a machine that is busy with other tests, not expectations.
DEADLINE_S = 60 if not SANITIZER else 180
POLL_S = 0.02


def wait_for(condition, what, deadline_s=DEADLINE_S):
    """The first true value of condition(); fails with `what` after the deadline."""
    end = time.monotonic() + deadline_s
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < end, f"waited {deadline_s} s for {what}"
        time.sleep(POLL_S)


def replace(path, text):
    """The text in place of the file, at once."""
    part = pathlib.Path(f"{path}.part")
    part.write_text(text)
    os.replace(part, path)


def children_of(pid):
    """{process name: pid} of the direct children, from /proc."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, IndexError):
            stat = (entry / "stat").read_text()
            name = stat[stat.index("(") + 1 : stat.rindex(")")]
            parent = int(stat[stat.rindex(")") + 2 :].split()[1])
            if parent == pid:
                found[name] = int(entry.name)
    return found


def free_port():
    """A port free for TCP and UDP a moment ago; only for what must be known before the start."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            udp.bind(("127.0.0.1", 0))
            port = udp.getsockname()[1]
            with contextlib.suppress(OSError), socket.socket() as tcp:
                tcp.bind(("127.0.0.1", port))
                return port


def split_address(text):
    host, port = text.rsplit(":", 1)
    return host.strip("[]"), int(port)


class Answer:
    """An HTTP answer: status, fields by lower-case name (the last of each), body."""

    def __init__(self, response):
        self.status = response.status
        self.fields = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def cache(self):
        """"Hit", "Miss", "RefreshHit", "Error": the first word of X-Cache."""
        return self.fields.get("x-cache", "").split(" ")[0]


class NamedConnection(http.client.HTTPSConnection):
    """To an address, but with the host's name in TLS."""

    def __init__(self, address, host, authority, timeout_s):
        context = ssl.create_default_context(cafile=str(authority))
        super().__init__(*address, timeout=timeout_s, context=context)
        self.name, self.context = host, context

    def connect(self):
        plain = socket.create_connection((self.host, self.port), self.timeout)
        self.sock = self.context.wrap_socket(plain, server_hostname=self.name)


def ask_http(address, host, path, method="GET", headers=None, body=None, authority=None,
             timeout_s=DEADLINE_S, server_name=None):
    """One request over a connection of its own; `authority`: over TLS, trusting this file.
    `server_name`: who the server must be, where it is not the host."""
    address = split_address(address if isinstance(address, str) else address[0])
    if authority is None:
        connection = http.client.HTTPConnection(*address, timeout=timeout_s)
    else:
        name = server_name or host.split(":")[0]
        connection = NamedConnection(address, name, authority, timeout_s)
    with contextlib.closing(connection):
        connection.putrequest(method, path, skip_host=True, skip_accept_encoding=True)
        connection.putheader("Host", host)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        return Answer(connection.getresponse())


def managed(name):
    """The id of a managed cache policy."""
    return {"CachingOptimized": "658327ea-f89d-4fab-a63d-7e88639e58f6",
            "CachingDisabled": "4135ea2d-6df8-44a3-9df3-4b5a84be39ad",
            "UseOriginCacheControlHeaders": "83da9c7e-98b4-4e11-a168-04f0df8e2c65"}[name]


def cf_origin(name, port, host="127.0.0.1", **fields):
    """An origin of a distribution, over plain HTTP."""
    return {"Id": name, "DomainName": host,
            "CustomOriginConfig": {"HTTPPort": port, "HTTPSPort": 443,
                                   "OriginProtocolPolicy": "http-only"}, **fields}


def cf_behavior(origin, policy="CachingOptimized", pattern=None, **fields):
    """A cache behaviour; without a pattern the default one."""
    behavior = {"TargetOriginId": origin, "ViewerProtocolPolicy": "allow-all",
                "CachePolicyId": managed(policy), **fields}
    return behavior if pattern is None else {"PathPattern": pattern, **behavior}


def cf_config(origins, default, *behaviors, aliases=(), **fields):
    """A DistributionConfig. origins: of cf_origin; default, behaviors: of cf_behavior."""
    return {
        "CallerReference": f"r-{time.monotonic_ns()}", "Comment": "", "Enabled": True,
        "Origins": {"Quantity": len(origins), "Items": list(origins)},
        "DefaultCacheBehavior": default,
        "CacheBehaviors": {"Quantity": len(behaviors), "Items": list(behaviors)},
        "Aliases": {"Quantity": len(aliases), "Items": list(aliases)},
        **fields,
    }


class Node:
    """One `weir up`. Start, stop, kill, ask."""

    def __init__(self, directory, *flags, binary=None, roles="control,dns,edge", env=None):
        self.dir = pathlib.Path(directory)
        self.binary = binary or WEIR
        self.flags = list(flags)
        self.roles = roles
        self.env = dict(os.environ, **(env or {}))
        self.process = None
        self.log_path = self.dir.with_suffix(".log")
        self.ready = {}

    # -- life

    def command(self):
        flags = ["--data", str(self.dir), "--roles", self.roles, "--admin", "127.0.0.1:0"]
        given = {flag for flag in self.flags if flag.startswith("--")}
        if "dns" in self.roles.split(",") and "--dns" not in given:
            flags += ["--dns", "127.0.0.1:0"]
        if "check" in self.roles.split(",") and "--votes" not in given:
            flags += ["--votes", "127.0.0.1:0"]
        if "control" in self.roles.split(",") and "--api" not in given:
            flags += ["--api", "127.0.0.1:0"]
        for flag in ("--http", "--https"):
            if "edge" in self.roles.split(",") and flag not in given:
                flags += [flag, "127.0.0.1:0"]
        return [self.binary, "up", *flags, *self.flags]

    def start(self, wait=True):
        assert self.process is None or self.process.poll() is not None
        with contextlib.suppress(FileNotFoundError):
            (self.dir / "ready.json").unlink()
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=self.env
            )
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        def is_ready():
            assert self.process.poll() is None, f"weir ended:\n{self.log()[-4000:]}"
            with contextlib.suppress(FileNotFoundError, json.JSONDecodeError):
                return json.loads((self.dir / "ready.json").read_text())
            return None

        self.ready = wait_for(is_ready, f"ready.json of {self.dir}")

    def stop(self):
        """SIGTERM; the node must drain and end with 0."""
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(DEADLINE_S) == 0, self.log()[-4000:]
        self.process = None

    def kill(self):
        """SIGKILL of the supervisor; its children must follow."""
        if self.process is None:
            return
        pids = list(self.processes().values())
        self.process.kill()
        self.process.wait(DEADLINE_S)
        for pid in pids:
            wait_for(lambda p=pid: not os.path.exists(f"/proc/{p}"), f"end of process {pid}")
        self.process = None

    def processes(self):
        """{name: pid} of the processes below the supervisor."""
        return children_of(self.process.pid)

    def kill_process(self, name, signo=signal.SIGKILL):
        os.kill(self.processes()[name], signo)

    def log(self):
        return self.log_path.read_text(errors="replace") if self.log_path.exists() else ""

    # -- pages

    def admin(self, path):
        """(status, text) of a page of the agent."""
        request = urllib.request.Request(f"http://{self.ready['admin']}{path}")
        try:
            with urllib.request.urlopen(request, timeout=DEADLINE_S) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def status(self):
        return json.loads(self.admin("/status")[1])

    def metric(self, name, **labels):
        """Sum of the samples of a family whose labels include those given."""
        total = 0.0
        for line in self.admin("/metrics")[1].splitlines():
            if line.startswith("#") or not line.startswith(name):
                continue
            key, value = line.rsplit(" ", 1)
            if key.split("{")[0] == name and all(f'{k}="{v}"' in key for k, v in labels.items()):
                total += float(value)
        return total

    # -- clients

    def credentials_env(self):
        return {
            "AWS_SHARED_CREDENTIALS_FILE": str(self.dir / "credentials"),
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_PAGER": "",
        }

    def keys(self):
        lines = (self.dir / "credentials").read_text().splitlines()
        pairs = dict(line.split(" = ", 1) for line in lines if " = " in line)
        return pairs["aws_access_key_id"], pairs["aws_secret_access_key"]

    def boto(self, service="route53", **options):
        """A boto3 client that retries nothing, so that every error is seen."""
        key, secret = self.keys()
        config = botocore.config.Config(
            retries={"max_attempts": 0},
            parameter_validation=False,
            connect_timeout=DEADLINE_S,
            read_timeout=DEADLINE_S,
            proxies={},
        )
        arguments = {
            "endpoint_url": f"http://{self.ready['api']}",
            "region_name": "us-east-1",
            "aws_access_key_id": key,
            "aws_secret_access_key": secret,
            "config": config,
        }
        return boto3.session.Session().client(service, **{**arguments, **options})

    def aws(self, *arguments, check=True, service="route53"):
        """The aws CLI; the answer's JSON, or the finished process where check is off."""
        env = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "LD_", "ASAN_"))}
        done = subprocess.run(
            ["/usr/bin/aws", "--endpoint-url", f"http://{self.ready['api']}", "--output", "json",
             service, *arguments],
            env={**env, **self.credentials_env(), "NO_PROXY": "*"},
            capture_output=True,
            text=True,
            timeout=DEADLINE_S,
            check=False,
        )
        if not check:
            return done
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout) if done.stdout.strip() else None

    def weir(self, *arguments, check=True):
        """A `weir NOUN VERB` of this node's directory."""
        done = subprocess.run(
            [self.binary, *arguments, "--data", str(self.dir)],
            capture_output=True, text=True, timeout=DEADLINE_S, check=False, env=self.env,
        )
        if check:
            assert done.returncode == 0, done.stdout + done.stderr
        return done

    def ask(self, name, rdtype="A", tcp=False, timeout_s=DEADLINE_S, **options):
        """One DNS query, as dnspython sees the answer."""
        address = self.ready["dns"]
        host, port = split_address(address if isinstance(address, str) else address[0])
        query = dns.message.make_query(name, rdtype, **options)
        query.flags &= ~dns.flags.RD
        send = dns.query.tcp if tcp else dns.query.udp
        return send(query, host, port=port, timeout=timeout_s)

    def values(self, name, rdtype="A", **options):
        """The rdata texts of the answer's sets of the type, sorted."""
        answer = self.ask(name, rdtype, **options)
        wanted = dns.rdatatype.from_text(rdtype)
        return sorted(
            rdata.to_text() for s in answer.answer if s.rdtype == wanted for rdata in s
        )

    def get(self, host, path="/", method="GET", headers=None, body=None, tls=False,
            timeout_s=DEADLINE_S):
        """One request to the edge, as a viewer makes it who knows its address."""
        return ask_http(self.ready["https" if tls else "http"], host, path, method, headers, body,
                        self.dir / "ca.pem" if tls else None, timeout_s)

    # -- CloudFront in short

    def create_distribution(self, config, client=None):
        """The new distribution, as the API describes it."""
        client = client or self.boto("cloudfront")
        return client.create_distribution(DistributionConfig=config)["Distribution"]

    def update_distribution(self, distribution_id, change, client=None):
        """change(config) changes the configuration in place."""
        client = client or self.boto("cloudfront")
        found = client.get_distribution_config(Id=distribution_id)
        change(found["DistributionConfig"])
        return client.update_distribution(
            Id=distribution_id, IfMatch=found["ETag"],
            DistributionConfig=found["DistributionConfig"],
        )["Distribution"]

    def wait_deployed(self, distribution_id, client=None, deadline_s=DEADLINE_S):
        client = client or self.boto("cloudfront")
        wait_for(
            lambda: client.get_distribution(Id=distribution_id)["Distribution"]["Status"]
            == "Deployed",
            f"Deployed of {distribution_id}; log:\n{self.log()[-3000:]}",
            deadline_s,
        )

    def create_invalidation(self, distribution_id, *paths, client=None, reference=None):
        """The id of a new one, without waiting for it."""
        made = (client or self.boto("cloudfront")).create_invalidation(
            DistributionId=distribution_id,
            InvalidationBatch={"CallerReference": reference or f"r-{time.monotonic_ns()}",
                               "Paths": {"Quantity": len(paths), "Items": list(paths)}},
        )
        return made["Invalidation"]["Id"]

    def is_completed(self, distribution_id, invalidation_id, client=None):
        found = (client or self.boto("cloudfront")).get_invalidation(
            DistributionId=distribution_id, Id=invalidation_id)
        return found["Invalidation"]["Status"] == "Completed"

    def wait_completed(self, distribution_id, invalidation_id, client=None):
        client = client or self.boto("cloudfront")
        wait_for(lambda: self.is_completed(distribution_id, invalidation_id, client),
                 f"Completed of {invalidation_id}; log:\n{self.log()[-3000:]}")

    def invalidate(self, distribution_id, *paths, client=None):
        """Creates an invalidation and waits until it is Completed."""
        client = client or self.boto("cloudfront")
        made = self.create_invalidation(distribution_id, *paths, client=client)
        self.wait_completed(distribution_id, made, client)

    # -- Route 53 in short

    def create_zone(self, name, client=None, reference=None):
        """The new zone's bare id."""
        reference = reference or f"{name}-{time.monotonic_ns()}"
        created = (client or self.boto()).create_hosted_zone(Name=name, CallerReference=reference)
        return created["HostedZone"]["Id"].rsplit("/", 1)[1]

    def change(self, zone_id, *changes, client=None):
        """Applies changes made by upsert(), create() or delete(); the change's id."""
        done = (client or self.boto()).change_resource_record_sets(
            HostedZoneId=zone_id, ChangeBatch={"Changes": list(changes)}
        )
        return done["ChangeInfo"]["Id"].rsplit("/", 1)[1]

    def health_check(self, name, client=None):
        """The id of the check of this name, made where it is not there: healthy until something
        says otherwise, as nobody probes it."""
        made = (client or self.boto()).create_health_check(CallerReference=name, HealthCheckConfig={
            "Type": "RECOVERY_CONTROL", "RoutingControlArn": f"arn:test:::routingcontrol/{name}"})
        return made["HealthCheck"]["Id"]

    def wait_insync(self, change_id, client=None, deadline_s=DEADLINE_S):
        client = client or self.boto()
        wait_for(
            lambda: client.get_change(Id=change_id)["ChangeInfo"]["Status"] == "INSYNC",
            f"INSYNC of {change_id}; log:\n{self.log()[-3000:]}",
            deadline_s,
        )


def record(action, name, rdtype, *values, ttl=300, **fields):
    """One change of a change batch."""
    record_set = {"Name": name, "Type": rdtype, **fields}
    if values:
        record_set["TTL"] = ttl
        record_set["ResourceRecords"] = [{"Value": value} for value in values]
    return {"Action": action, "ResourceRecordSet": record_set}


def upsert(name, rdtype, *values, **fields):
    return record("UPSERT", name, rdtype, *values, **fields)


def create(name, rdtype, *values, **fields):
    return record("CREATE", name, rdtype, *values, **fields)


def delete(name, rdtype, *values, **fields):
    return record("DELETE", name, rdtype, *values, **fields)


def alias(name, rdtype, zone_id, target, evaluate=False, action="UPSERT"):
    return record(
        action, name, rdtype,
        AliasTarget={"HostedZoneId": zone_id, "DNSName": target, "EvaluateTargetHealth": evaluate},
    )
