# SPDX-License-Identifier: Apache-2.0
"""Who may call: Signature Version 4 as clients make it, and every way to get it wrong."""

import datetime
import http.client
import urllib.parse
import xml.etree.ElementTree as xml

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest

from harness import DEADLINE_S

PATH = "/2013-04-01/hostedzonecount"


def credentials(node, key=None, secret=None):
    own_key, own_secret = node.keys()
    return botocore.credentials.Credentials(key or own_key, secret or own_secret)


def signed(node, path=PATH, *, when=None, service="route53", monkeypatch=None, creds=None,
           signer=botocore.auth.SigV4Auth, **options):
    """Headers and URL of a request as botocore signs it, at another time where asked."""
    request = botocore.awsrequest.AWSRequest("GET", f"http://{node.ready['api']}{path}")
    auth = signer(creds or credentials(node), service, "us-east-1", **options)
    if when is not None:
        class Clock(datetime.datetime):
            @classmethod
            def utcnow(cls):
                return when
        monkeypatch.setattr(botocore.auth.datetime, "datetime", Clock)
    auth.add_auth(request)
    if when is not None:
        monkeypatch.undo()
    return request.prepare()


def send(node, request):
    """(status, code, message) of the answer."""
    url = urllib.parse.urlsplit(request.url)
    connection = http.client.HTTPConnection(node.ready["api"], timeout=DEADLINE_S)
    target = url.path + (f"?{url.query}" if url.query else "")
    connection.request("GET", target, headers=dict(request.headers.items()))
    answer = connection.getresponse()
    body = answer.read().decode()
    connection.close()
    assert answer.getheader("x-amzn-RequestId")
    if answer.status == 200:
        return 200, None, None
    root = xml.fromstring(body)
    spaces = {"e": root.tag[1:].split("}")[0]}
    return (
        answer.status,
        root.findtext(".//e:Code", namespaces=spaces),
        root.findtext(".//e:Message", namespaces=spaces),
    )


def test_a_signed_call_passes(shared_node):
    assert send(shared_node, signed(shared_node))[0] == 200


def test_a_presigned_url_passes_until_it_expires(shared_node, monkeypatch):
    url = signed(shared_node, signer=botocore.auth.SigV4QueryAuth, expires=60)
    assert send(shared_node, url)[0] == 200
    past = datetime.datetime.utcnow() - datetime.timedelta(hours=1)
    late = signed(shared_node, signer=botocore.auth.SigV4QueryAuth, expires=60, when=past,
                  monkeypatch=monkeypatch)
    assert send(shared_node, late)[0] == 403


@pytest.mark.parametrize("minutes, status", [(-4, 200), (4, 200), (-6, 403), (6, 403)])
def test_clocks_may_differ_by_five_minutes(shared_node, monkeypatch, minutes, status):
    when = datetime.datetime.utcnow() + datetime.timedelta(minutes=minutes)
    got, code, message = send(shared_node, signed(shared_node, when=when, monkeypatch=monkeypatch))
    assert got == status
    if status == 403:
        assert code == "SignatureDoesNotMatch"
        word = "Signature expired" if minutes < 0 else "Signature not yet current"
        assert message.startswith(word)


def test_a_wrong_secret_and_an_unknown_key_are_told_apart(shared_node):
    key, _ = shared_node.keys()
    wrong = credentials(shared_node, key, "x" * 40)
    assert send(shared_node, signed(shared_node, creds=wrong))[:2] == (403, "SignatureDoesNotMatch")
    unknown = credentials(shared_node, "AKIAXXXXXXXXXXXXXXXX", "x" * 40)
    assert send(shared_node, signed(shared_node, creds=unknown)) == (
        403, "InvalidClientTokenId", "The security token included in the request is invalid.",
    )


@pytest.mark.parametrize("signer, options", [
    (botocore.auth.SigV4Auth, {}),
    (botocore.auth.SigV4QueryAuth, {"expires": 60}),
])
def test_no_key_comes_with_a_session_token(shared_node, signer, options):
    key, secret = shared_node.keys()
    session = botocore.credentials.Credentials(key, secret, "token")
    request = signed(shared_node, creds=session, signer=signer, **options)
    assert send(shared_node, request) == (
        403, "InvalidClientTokenId", "The security token included in the request is invalid.",
    )


def test_a_key_id_is_not_cut_at_a_nul(shared_node):
    key, _ = shared_node.keys()
    longer = credentials(shared_node, key + "\0x")
    url = signed(shared_node, creds=longer, signer=botocore.auth.SigV4QueryAuth, expires=60)
    assert send(shared_node, url)[:2] == (403, "InvalidClientTokenId")


def test_a_call_without_signature_is_refused(shared_node):
    request = signed(shared_node)
    del request.headers["Authorization"]
    assert send(shared_node, request)[:2] == (403, "MissingAuthenticationToken")


def test_a_broken_header_is_incomplete(shared_node):
    request = signed(shared_node)
    header = request.headers["Authorization"]
    value = header.decode() if isinstance(header, bytes) else header
    request.headers["Authorization"] = value.split(", Signature=")[0]
    assert send(shared_node, request)[:2] == (400, "IncompleteSignature")


def test_what_was_signed_cannot_be_changed(shared_node):
    request = signed(shared_node, PATH + "?a=1")
    request.url = request.url.replace("a=1", "a=2")
    assert send(shared_node, request)[:2] == (403, "SignatureDoesNotMatch")


def test_the_scope_must_name_the_service(shared_node):
    assert send(shared_node, signed(shared_node, service="cloudfront"))[0] == 403


def test_https_shows_a_certificate_of_the_local_authority(fleet):
    node = fleet.node("node", "--api-https", "127.0.0.1:0").start()
    client = node.boto(
        endpoint_url=f"https://{node.ready['api_https']}", verify=str(node.dir / "ca.pem")
    )
    assert client.get_hosted_zone_count()["HostedZoneCount"] == 0
