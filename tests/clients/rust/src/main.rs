//! Uses a cluster through `kube` in the ways that controllers do: each check prints one line.

use std::time::Duration;

use anyhow::{anyhow, ensure, Result};
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::coordination::v1::Lease;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod};
use kube::api::{Api, AttachParams, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::runtime::{reflector, watcher, WatchStreamExt};
use kube::{Client, ResourceExt};
use serde_json::json;
use tokio::io::AsyncReadExt;

const NAMESPACE: &str = "rust-client";
const TIMEOUT: Duration = Duration::from_secs(30);

#[tokio::main]
async fn main() {
    let path = std::env::args().nth(1).expect("the path of a kubeconfig");
    std::env::set_var("KUBECONFIG", path);
    let client = Client::try_default().await.expect("a client");
    let mut failed = false;
    macro_rules! check {
        ($name:expr, $run:expr) => {
            match tokio::time::timeout(TIMEOUT, $run).await.unwrap_or_else(|late| Err(late.into())) {
                Ok(()) => println!("ok {}", $name),
                Err(error) => {
                    failed = true;
                    println!("not ok {}: {error:#}", $name);
                }
            }
        };
    }
    check!("typed client and its errors", typed(client.clone()));
    check!("server-side apply", apply(client.clone()));
    check!("dynamic objects by discovery", dynamic(client.clone()));
    check!("watcher follows changes", watch(client.clone()));
    check!("reflector streams its first list", reflect(client.clone()));
    check!("a lease is taken by one", lease(client.clone()));
    check!("exec and logs", exec(client.clone()));
    std::process::exit(i32::from(failed));
}

fn config_map(name: &str, value: &str) -> Result<ConfigMap> {
    Ok(serde_json::from_value(json!({ "metadata": { "name": name }, "data": { "k": value } }))?)
}

fn code(error: kube::Error) -> u16 {
    match error {
        kube::Error::Api(status) => status.code,
        _ => 0,
    }
}

async fn typed(client: Client) -> Result<()> {
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespace = serde_json::from_value(json!({ "metadata": { "name": NAMESPACE } }))?;
    namespaces.create(&PostParams::default(), &namespace).await?;
    let api: Api<ConfigMap> = Api::namespaced(client, NAMESPACE);
    let made = api.create(&PostParams::default(), &config_map("typed", "1")?).await?;
    let mut next = made.clone();
    next.data = config_map("typed", "2")?.data;
    api.replace("typed", &PostParams::default(), &next).await?;
    let stale = api.replace("typed", &PostParams::default(), &made).await.err().map(code);
    ensure!(stale == Some(409), "a stale replace: {stale:?}");
    ensure!(api.get_opt("none").await?.is_none(), "none was found");
    let list = api.list(&ListParams::default().fields("metadata.name=typed").limit(1)).await?;
    ensure!(list.items.len() == 1 && list.metadata.resource_version.is_some());
    let gone = api.delete("typed", &DeleteParams::foreground()).await?;
    ensure!(gone.is_left() || gone.is_right());
    Ok(())
}

async fn apply(client: Client) -> Result<()> {
    let api: Api<ConfigMap> = Api::namespaced(client, NAMESPACE);
    let patch = |value: &str| {
        json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "applied" }, "data": { "k": value } })
    };
    api.patch("applied", &PatchParams::apply("one"), &Patch::Apply(patch("1"))).await?;
    let refused = api.patch("applied", &PatchParams::apply("two"), &Patch::Apply(patch("2"))).await;
    ensure!(refused.err().map(code) == Some(409), "two managers did not collide");
    let forced = api.patch("applied", &PatchParams::apply("two").force(), &Patch::Apply(patch("2"))).await?;
    let managers: Vec<_> = forced.managed_fields().iter().filter_map(|entry| entry.manager.clone()).collect();
    ensure!(managers == ["two"], "managers {managers:?}");
    let metadata = api.get_metadata("applied").await?;
    ensure!(metadata.name_any() == "applied");
    Ok(())
}

async fn dynamic(client: Client) -> Result<()> {
    let discovery = kube::discovery::group(&client, "apps").await?;
    let (resource, capabilities) =
        discovery.recommended_kind("Deployment").ok_or_else(|| anyhow!("no Deployment in apps"))?;
    ensure!(resource.plural == "deployments" && capabilities.supports_operation("watch"));
    let api: Api<DynamicObject> = Api::namespaced_with(client, NAMESPACE, &resource);
    ensure!(api.list(&ListParams::default()).await?.items.is_empty());
    Ok(())
}

async fn watch(client: Client) -> Result<()> {
    let api: Api<ConfigMap> = Api::namespaced(client, NAMESPACE);
    let mut events = watcher(api.clone(), watcher::Config::default()).boxed();
    let (mut applied, mut deleted) = (0, 0);
    while let Some(event) = events.try_next().await? {
        match event {
            watcher::Event::InitDone => {
                api.create(&PostParams::default(), &config_map("followed", "1")?).await?;
                api.delete("followed", &DeleteParams::default()).await?;
            }
            watcher::Event::Apply(object) if object.name_any() == "followed" => applied += 1,
            watcher::Event::Delete(object) if object.name_any() == "followed" => {
                deleted += 1;
                break;
            }
            _ => {}
        }
    }
    ensure!((applied, deleted) == (1, 1), "{applied} applied, {deleted} deleted");
    Ok(())
}

async fn reflect(client: Client) -> Result<()> {
    let api: Api<ConfigMap> = Api::namespaced(client, NAMESPACE);
    let (reader, writer) = reflector::store();
    let stream = reflector(writer, watcher(api, watcher::Config::default().streaming_lists()));
    let running = tokio::spawn(stream.touched_objects().for_each(|_| futures::future::ready(())));
    reader.wait_until_ready().await?;
    let found = reader.state().iter().any(|object| object.name_any() == "applied");
    running.abort();
    ensure!(found, "the store lacks what there is");
    Ok(())
}

async fn lease(client: Client) -> Result<()> {
    let api: Api<Lease> = Api::namespaced(client, NAMESPACE);
    let made: Lease = serde_json::from_value(json!({
        "metadata": { "name": "leader" },
        "spec": { "holderIdentity": "one", "leaseDurationSeconds": 1, "renewTime": "2026-01-01T00:00:00.000001Z" },
    }))?;
    let made = api.create(&PostParams::default(), &made).await?;
    let take = |holder: &str| {
        let mut next = made.clone();
        if let Some(spec) = next.spec.as_mut() {
            spec.holder_identity = Some(holder.to_string());
        }
        let api = api.clone();
        async move { api.replace("leader", &PostParams::default(), &next).await.map_or_else(code, |_| 200) }
    };
    let mut answers = [take("two").await, take("three").await];
    answers.sort_unstable();
    ensure!(answers == [200, 409], "{answers:?}");
    Ok(())
}

async fn exec(client: Client) -> Result<()> {
    let api: Api<Pod> = Api::namespaced(client, NAMESPACE);
    let pod: Pod = serde_json::from_value(json!({
        "metadata": { "name": "talker" },
        "spec": { "containers": [{ "name": "main", "image": "registry.test/talker:1" }] },
    }))?;
    api.create(&PostParams::default(), &pod).await?;
    let running = kube::runtime::wait::await_condition(
        api.clone(),
        "talker",
        kube::runtime::wait::conditions::is_pod_running(),
    );
    running.await?;
    let mut attached = api.exec("talker", ["true"], &AttachParams::default().stderr(false)).await?;
    let status = attached.take_status().ok_or_else(|| anyhow!("no status"))?;
    let mut output = String::new();
    if let Some(mut stdout) = attached.stdout() {
        stdout.read_to_string(&mut output).await?;
    }
    let status = status.await.ok_or_else(|| anyhow!("no status came"))?;
    ensure!(status.status.as_deref() == Some("Success"), "{status:?}");
    api.logs("talker", &Default::default()).await?;
    Ok(())
}
