"""Uses a cluster through the `kubernetes` package in the ways that controllers do: each check prints one line."""

import datetime
import sys
import threading
import time

from kubernetes import client, config, dynamic, watch
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import ConflictError
from kubernetes.leaderelection import electionconfig, leaderelection
from kubernetes.leaderelection.resourcelock.configmaplock import ConfigMapLock
from kubernetes.stream import stream

NAMESPACE = "python-client"
TIMEOUT_SECONDS = 30

config.load_kube_config(sys.argv[1])
core = client.CoreV1Api()


def config_map(name, data=None):
    return client.V1ConfigMap(metadata=client.V1ObjectMeta(name=name), data=data or {})


def code_of(call, *args, **named):
    try:
        call(*args, **named)
    except ApiException as error:
        return error.status
    return 200


def equal(actual, expected):
    assert actual == expected, f"{actual} instead of {expected}"


def typed():
    core.create_namespace({"metadata": {"name": NAMESPACE}})
    made = core.create_namespaced_config_map(NAMESPACE, config_map("typed", {"a": "1"}))
    made.data = {"a": "2"}
    equal(core.replace_namespaced_config_map("typed", NAMESPACE, made).data, {"a": "2"})
    made.data = {"a": "3"}
    equal(code_of(core.replace_namespaced_config_map, "typed", NAMESPACE, made), 409)
    equal(code_of(core.read_namespaced_config_map, "none", NAMESPACE), 404)
    equal(code_of(core.create_namespaced_config_map, NAMESPACE, config_map("No_Name")), 422)
    patched = core.patch_namespaced_config_map("typed", NAMESPACE, {"data": {"a": None, "b": "1"}})
    equal(patched.data, {"b": "1"})
    pages = core.list_namespaced_config_map(NAMESPACE, limit=1)
    assert pages.items and pages.metadata.resource_version


def dynamic_client():
    api = dynamic.DynamicClient(client.ApiClient()).resources.get(api_version="v1", kind="ConfigMap")
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "applied"}, "data": {"k": "1"}}
    named = {"body": body, "name": "applied", "namespace": NAMESPACE}
    api.server_side_apply(**named, field_manager="one")
    body["data"]["k"] = "2"
    try:
        api.server_side_apply(**named, field_manager="two")
        raise AssertionError("two managers did not collide")
    except ConflictError:
        pass
    forced = api.server_side_apply(**named, field_manager="two", force_conflicts=True)
    equal(forced.data.k, "2")
    seen = []
    for event in api.watch(namespace=NAMESPACE, timeout=2):
        seen.append(event["object"].metadata.name)
        if "applied" in seen:
            break
    assert "applied" in seen


def follow():
    listed = core.list_namespaced_config_map(NAMESPACE)
    core.create_namespaced_config_map(NAMESPACE, config_map("followed"))
    core.delete_namespaced_config_map("followed", NAMESPACE)
    seen = []
    events = watch.Watch()
    for event in events.stream(
        core.list_namespaced_config_map,
        NAMESPACE,
        resource_version=listed.metadata.resource_version,
        timeout_seconds=10,
    ):
        seen.append((event["type"], event["object"].metadata.name))
        if len(seen) == 2:
            events.stop()
    equal(seen, [("ADDED", "followed"), ("DELETED", "followed")])


def expired():
    stale = code_of(core.list_namespaced_config_map, NAMESPACE, resource_version="1", resource_version_match="Exact")
    assert stale in (200, 410), stale
    equal(code_of(core.list_namespaced_config_map, NAMESPACE, _continue="nonsense"), 400)


def lease():
    api = client.CoordinationV1Api()
    now = datetime.datetime.now(datetime.timezone.utc)
    made = api.create_namespaced_lease(
        NAMESPACE,
        client.V1Lease(
            metadata=client.V1ObjectMeta(name="leader"),
            spec=client.V1LeaseSpec(holder_identity="one", lease_duration_seconds=1, renew_time=now),
        ),
    )
    equal(made.spec.renew_time.microsecond, now.microsecond)
    answers = []
    for holder in ("two", "three"):
        made.spec.holder_identity = holder
        answers.append(code_of(api.replace_namespaced_lease, "leader", NAMESPACE, made))
    equal(answers, [200, 409])


def elect():
    leading = threading.Event()
    candidate = electionconfig.Config(
        ConfigMapLock("elected", NAMESPACE, "candidate"),
        lease_duration=3,
        renew_deadline=2,
        retry_period=1,
        onstarted_leading=leading.set,
        onstopped_leading=lambda: None,
    )
    threading.Thread(target=leaderelection.LeaderElection(candidate).run, daemon=True).start()
    assert leading.wait(TIMEOUT_SECONDS), "nobody leads"


def exec_in_pod():
    container = {"name": "main", "image": "registry.test/talker:1"}
    core.create_namespaced_pod(NAMESPACE, {"metadata": {"name": "talker"}, "spec": {"containers": [container]}})
    end = time.monotonic() + TIMEOUT_SECONDS
    while core.read_namespaced_pod("talker", NAMESPACE).status.phase != "Running":
        assert time.monotonic() < end, "the pod does not run"
        time.sleep(0.05)
    session = stream(
        core.connect_get_namespaced_pod_exec,
        "talker",
        NAMESPACE,
        command=["true"],
        stdin=True,
        stdout=True,
        stderr=True,
        tty=False,
        _preload_content=False,
    )
    session.write_stdin("input")
    session.run_forever(timeout=TIMEOUT_SECONDS)
    equal(session.returncode, 0)
    assert "main" in str(core.read_namespaced_pod_log("talker", NAMESPACE, tail_lines=1))


CHECKS = {
    "typed client and its errors": typed,
    "dynamic client and server-side apply": dynamic_client,
    "watch from a list": follow,
    "what lists refuse": expired,
    "a lease is taken by one": lease,
    "leader election": elect,
    "exec": exec_in_pod,
}
failed = False
for name, run in CHECKS.items():
    try:
        run()
        print(f"ok {name}", flush=True)
    except Exception as error:  # Whatever it is, it is this check's.
        failed = True
        print(f"not ok {name}: {type(error).__name__} {str(error)[:500]!r}", flush=True)
sys.exit(1 if failed else 0)
