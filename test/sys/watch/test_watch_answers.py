# SPDX-License-Identifier: ISC
# Receivers that answer every row of the two answer tables, hang, reset,
# answer half: each as specified, order kept, the others not delayed.
import hashlib
import hmac
import json
import os
import time

from rig import watcher as rig
from rig.cluster import wait_for

DELIVERED = [(200, "ok"), (200, "something else"), (201, ""), (204, "")]
PASSING = [(408, ""), (500, "rollup_error"), (502, "<html>"), (503, "x"),
           rig.reset, rig.half]
TOO_FAST = [
    ((429, '{"retry_after":1,"ok":false,"error":"rate_limited"}'), 1),
    ((429, "", [("Retry-After", "2")]), 2),
    ((429, '{"retry_after":0.5}'), 0.5),
    ((429, "", [("Retry-After", "Thu, 01 Jan 1970 00:00:00 GMT")]), 1)]
BAD_MESSAGE = [
    (400, "invalid_payload"), (400, "no_text"), (400, "invalid_blocks"),
    (400, "invalid_blocks_format"), (400, "too_many_attachments"),
    (400, "user_not_found"),
    (400, "missing_text_or_fallback_or_attachments"), (413, "")]
BAD_RECEIVER = [
    (403, "action_prohibited"), (403, "invalid_token"),
    (403, "posting_to_general_channel_denied"), (404, "channel_not_found"),
    (404, "no_service"), (404, "no_service_id"), (404, "no_team"),
    (404, "team_disabled"), (410, "channel_is_archived"), (401, ""),
    (302, "", [("Location", "http://127.0.0.1:1/")])]


def one_down(watch, stats, **receivers):
    """A watcher whose server has just died; receivers: name -> settings."""
    page = rig.Page("pgb1", "pgb2", "pgb3")
    source, one = stats(page), watch()
    conf = one.config(source.url, receivers)
    code, _, err = one.once("-c", conf)
    assert code == 0, err
    page.set("pgb2", "DOWN")
    one.start("-c", conf)
    return one, page


def each(receiver, answers, script):
    """A receiver for each answer, by name, and the settings of all."""
    all_of = {}
    for n, answer in enumerate(answers):
        all_of["r%d" % n] = receiver(*script(answer))
    return all_of, {name: {"url": one.url + "/services/SECRET"}
                    for name, one in all_of.items()}


def test_delivered(watch, stats, receiver):
    told, settings = each(receiver, DELIVERED, lambda a: [a])
    one_down(watch, stats, **settings)
    for one in told.values():
        one.wait(1)
    time.sleep(1.5)  # no second try comes
    for one in told.values():
        assert one.fallbacks() == ["pgb2 is DOWN"]


def test_passing_is_tried_again(watch, stats, receiver):
    """After 1 s, then 2, each a fifth more or less; the other receiver is
    told at once."""
    told, settings = each(receiver, PASSING, lambda a: [a, a, (200, "ok")])
    other = receiver()
    one_down(watch, stats, other={"url": other.url}, **settings)
    for one in told.values():
        one.wait(3)
        assert one.fallbacks() == ["pgb2 is DOWN"] * 3
        times = [p.at for p in one.posts]
        assert 0.75 < times[1] - times[0] < 2.5
        assert 1.55 < times[2] - times[1] < 3.7
        assert abs(other.wait(1).at - times[0]) < 1.5
    time.sleep(1)  # no fourth try comes
    assert all(len(one.posts) == 3 for one in told.values())
    assert len(other.posts) == 1


def test_too_fast(watch, stats, receiver):
    told, settings = each(receiver, TOO_FAST, lambda a: [a[0], (200, "ok")])
    silent = receiver((429, "slow down"), (200, "ok"))     # 30 s then
    one_down(watch, stats, silent={"url": silent.url}, **settings)
    for (_, pause), one in zip(TOO_FAST, told.values()):
        one.wait(2)
        apart = one.posts[1].at - one.posts[0].at
        assert pause - 0.1 <= apart < pause + 2.5
    silent.wait(1)
    time.sleep(2)  # no second try comes
    assert len(silent.posts) == 1


def test_bad_message_does_not_block(watch, stats, receiver):
    """Once more as plain text, then aside; the next one goes through."""
    told, settings = each(receiver, BAD_MESSAGE,
                          lambda a: [a, a, (200, "ok")])
    one, page = one_down(watch, stats, **settings)
    for slack in told.values():
        slack.wait(2)
        assert slack.posts[0].json["attachments"]
        assert list(slack.posts[1].json) == ["text"]
        assert slack.posts[1].json["text"].startswith("pgb2 is DOWN")
    dead = one.file("state.outbox/outbox.dead")
    wait_for(lambda: os.path.exists(dead))
    page.set("pgb2", "UP")
    for slack in told.values():
        slack.wait(3)
        assert slack.fallbacks()[-1] == "pgb2 is back UP"
    with open(dead) as f:
        assert f.read().count('"words":"pgb2 is DOWN"') == len(told)


def test_bad_receiver_keeps_its_queue(watch, stats, receiver):
    """The other one is told of it; the URL's secret is in no line."""
    told, settings = each(receiver, BAD_RECEIVER, lambda a: [a])
    other = receiver()
    one, _ = one_down(watch, stats, other={"url": other.url}, **settings)
    for name, slack in told.items():
        slack.wait(1)
        wait_for(lambda: any("receiver %s does not take messages" % name
                             in t for t in other.texts()), 20, name)
    time.sleep(1.5)  # no second try comes
    assert all(len(slack.posts) == 1 for slack in told.values())
    assert "SECRET" not in one.log()
    assert not any("SECRET" in t for t in other.texts())
    # A person has repaired it, and says so.
    for slack in told.values():
        slack.script[:] = [(200, "ok")]
    one.kill(rig.signal.SIGUSR2)
    for slack in told.values():
        slack.wait(2)
        assert "pgb2 is DOWN" in "\n".join(slack.texts()[1:])


def test_hang_delays_nobody(watch, stats, receiver):
    slack, other = receiver(rig.hang(3), (200, "ok")), receiver()
    one, page = one_down(watch, stats,
                         ops={"url": slack.url, "timeout": "1s"},
                         other={"url": other.url})
    began = other.wait(1).at
    assert abs(slack.wait(1).at - began) < 1
    slack.wait(2)
    assert 1.7 < slack.posts[1].at - slack.posts[0].at < 4.5
    page.set("pgb2", "UP")
    wait_for(lambda: slack.count("pgb2 is back UP"))
    assert slack.fallbacks()[-1] == "pgb2 is back UP"


def test_order_and_merging_behind_an_outage(watch, stats, receiver):
    """What piles up at a receiver that is away comes as one message, worst
    first; nothing is lost, nothing is told again."""
    slack = receiver((503, ""), (503, ""), (200, "ok"))
    page = rig.Page(*["pgb%d" % i for i in range(1, 9)])
    source, one = stats(page), watch()
    conf = one.config(source.url, {"ops": {"url": slack.url}},
                      group_wait="100ms")
    assert one.once("-c", conf)[0] == 0
    one.start("-c", conf)
    page.set("pgb1", "DOWN")
    slack.wait(1)
    page.set("pgb2", "DOWN")
    time.sleep(1.2)  # polled while Slack is away
    page.set("pgb1", "UP")
    wait_for(lambda: len(slack.posts) >= 3 and
             "pgb1 is back UP" in "\n".join(slack.texts()[2:]))
    time.sleep(1.5)  # nothing is told twice
    good = "\n".join(slack.texts()[2:])
    for words in ("pgb1 is DOWN", "pgb2 is DOWN", "pgb1 is back UP"):
        assert words in good
    last = [p.json["attachments"][0]["color"] for p in slack.posts[2:]]
    assert last[0] == "danger"


def test_webhook_is_signed(watch, stats, receiver):
    hook, one = receiver(204), watch()
    page = rig.Page("pgb1", "pgb2", "pgb3")
    source = stats(page)
    secret = one.write("secret", "top secret\n")
    conf = one.config(source.url, {"own": {
        "type": "webhook", "url": hook.url, "secret_file": secret}})
    assert one.once("-c", conf)[0] == 0
    page.set("pgb2", "DOWN", addr="10.0.0.2:6432")
    assert one.once("-c", conf)[0] == 0
    post = hook.posts[0]
    want = hmac.new(b"top secret", post.raw, hashlib.sha256).hexdigest()
    assert post.headers["X-Weir-Signature"] == "sha256=" + want
    assert post.json["version"] == 1
    event = post.json["events"][0]
    assert post.headers["X-Weir-Event-Id"] == event["event_id"]
    assert (event["event"], event["severity"]) == ("down", "critical")
    assert (event["old"], event["new"]) == ("up", "down")
    assert (event["proxy"], event["server"]) == ("pgbouncers", "pgb2")
    assert event["address"] == "10.0.0.2:6432"
    assert event["text"] == "pgb2 is DOWN"
    assert {s["server"] for s in event["siblings"]} == {"pgb1", "pgb3"}
    page.set("pgb2", "UP")
    assert one.once("-c", conf)[0] == 0
    event = hook.posts[1].json["events"][0]
    assert event["event"] == "up" and event["duration_s"] >= 0


def test_pagerduty(watch, stats, receiver):
    pd, one = receiver((202, '{"status":"success"}')), watch()
    page = rig.Page("pgb1", "pgb2", "pgb3")
    source = stats(page)
    key = one.write("key", "R0UT1NG")
    conf = one.config(source.url, {"oncall": {
        "type": "pagerduty", "url": pd.url, "routing_key_file": key}})
    assert one.once("-c", conf)[0] == 0
    page.set("pgb1", "DOWN")
    page.set("pgb3", "DOWN")
    assert one.once("-c", conf)[0] == 0
    page.set("pgb1", "UP")
    assert one.once("-c", conf)[0] == 0
    sent = [p.json for p in pd.posts]
    assert [s["event_action"] for s in sent] == ["trigger"] * 2 + ["resolve"]
    assert sent[0]["dedup_key"] == "weir/lb1/pgbouncers/pgb1"
    assert sent[2]["dedup_key"] == sent[0]["dedup_key"]
    assert sent[0]["routing_key"] == "R0UT1NG"
    assert sent[0]["payload"]["summary"] == "pgb1 is DOWN"
    assert sent[0]["payload"]["severity"] == "error"


def test_discord_and_mattermost(watch, stats, receiver):
    discord, slackish = receiver(204), receiver()
    mattermost, one = receiver(), watch()
    page = rig.Page("pgb1", "pgb2", "pgb3")
    source = stats(page)
    conf = one.config(source.url, {
        "d": {"type": "discord", "url": discord.url + "/api/webhooks/1/x"},
        "ds": {"type": "discord", "url": slackish.url + "/1/x/slack"},
        "m": {"type": "mattermost", "url": mattermost.url,
              "channel": "town", "username": "watcher"}})
    assert one.once("-c", conf)[0] == 0
    page.set("pgb2", "DOWN")
    assert one.once("-c", conf)[0] == 0
    sent = discord.posts[0].json
    assert sent["content"] == "pgb2 is DOWN"
    assert sent["embeds"][0]["title"] == "PgBouncer Alert"
    assert sent["allowed_mentions"] == {"parse": []}
    assert slackish.fallbacks() == ["pgb2 is DOWN"]
    assert mattermost.posts[0].json["channel"] == "town"
    assert mattermost.posts[0].json["username"] == "watcher"


def test_alertmanager(watch, stats, receiver):
    am, one = receiver(), watch()
    page = rig.Page("pgb1", "pgb2", "pgb3")
    source = stats(page)
    conf = one.config(source.url, {"am": {"type": "alertmanager",
                                          "url": am.url}})
    assert one.once("-c", conf)[0] == 0
    one.start("-c", conf)
    page.set("pgb2", "DOWN")
    post = am.wait(1)
    assert post.path == "/api/v2/alerts"
    alert = post.json[0]
    assert alert["labels"]["alertname"] == "down"
    assert alert["labels"]["server"] == "pgb2"
    assert alert["annotations"]["summary"] == "pgb2 is DOWN"
    assert alert["endsAt"] > alert["startsAt"]
    page.set("pgb2", "UP")
    wait_for(lambda: len(am.posts) >= 2)
    ended = am.posts[-1].json[0]
    assert ended["labels"] == alert["labels"]
    assert ended["endsAt"] < alert["endsAt"]


def api(slack_log):
    """Slack's Web API, as far as it is used."""
    def answer(handler):
        post = slack_log.posts[-1]
        ts = "17000000%02d.000100" % len(slack_log.posts)
        rig.say(handler, 200, json.dumps(
            {"ok": True, "ts": ts, "channel": "C123"}))
    return answer


def test_slack_thread(watch, stats, receiver):
    """One incident is one thread; its first message is kept up to date,
    also by another process."""
    slack, one = receiver(), watch()
    slack.script = [api(slack)]
    page = rig.Page("pgb1", "pgb2", "pgb3")
    source = stats(page)
    token = one.write("token", "xoxb-1")
    conf = one.config(source.url, {"ops": {
        "url": slack.url + "/api", "token_file": token, "channel": "#db"}})
    assert one.once("-c", conf)[0] == 0
    page.set("pgb2", "DOWN")
    assert one.once("-c", conf)[0] == 0
    page.set("pgb2", "UP")
    assert one.once("-c", conf)[0] == 0
    page.set("pgb2", "DOWN")
    assert one.once("-c", conf)[0] == 0
    first, second, third, fourth = slack.posts
    assert all(p.headers["Authorization"] == "Bearer xoxb-1"
               for p in slack.posts)
    assert first.path == "/api/chat.postMessage"
    assert first.json["channel"] == "#db"
    assert first.json["text"] == "pgb2 is DOWN"
    assert "thread_ts" not in first.json
    assert second.path == "/api/chat.postMessage"
    assert second.json["thread_ts"] == "1700000001.000100"
    assert third.path == "/api/chat.update"
    assert third.json["ts"] == "1700000001.000100"
    assert third.json["channel"] == "C123"
    assert "pgb2 is DOWN" in third.json["text"]
    assert "pgb2 is back UP" in third.json["text"]
    assert "thread_ts" not in fourth.json       # another incident


def test_slack_api_errors(watch, stats, receiver):
    slack, other, one = receiver(), receiver(), watch()
    slack.script = [(200, '{"ok":false,"error":"internal_error"}'),
                    (200, '{"ok":false,"error":"not_in_channel"}')]
    page = rig.Page("pgb1", "pgb2", "pgb3")
    source = stats(page)
    token = one.write("token", "xoxb-1")
    conf = one.config(source.url, {
        "ops": {"url": slack.url, "token_file": token, "channel": "#db"},
        "other": {"url": other.url}})
    assert one.once("-c", conf)[0] == 0
    page.set("pgb2", "DOWN")
    one.start("-c", conf)
    slack.wait(2)
    wait_for(lambda: other.count("receiver ops does not take messages"))


def test_styles_and_mentions(watch, stats, receiver):
    plain, blocks, loud, one = receiver(), receiver(), receiver(), watch()
    page = rig.Page("pgb1", "<!here>&pgb2", "pgb3")
    source = stats(page)
    conf = one.config(source.url, {
        "p": {"url": plain.url, "style": "plain"},
        "b": {"url": blocks.url, "style": "blocks"},
        "l": {"url": loud.url, "mention_down": "<!channel>"}})
    assert one.once("-c", conf)[0] == 0
    page.set("<!here>&pgb2", "DOWN")
    assert one.once("-c", conf)[0] == 0
    text = plain.posts[0].json["text"]
    assert text.startswith(
        ":red_circle: &lt;!here&gt;&amp;pgb2 is DOWN\n")
    assert blocks.posts[0].json["blocks"][0]["type"] == "header"
    assert "&lt;!here&gt;&amp;pgb2 is DOWN" in blocks.posts[0].json["text"]
    assert loud.posts[0].json["text"] == "<!channel>"
    for one_post in (plain.posts[0], blocks.posts[0], loud.posts[0]):
        body = one_post.raw.decode()
        header = '"plain_text"'         # a header is no markup
        assert "<!here>" not in body or header in body
