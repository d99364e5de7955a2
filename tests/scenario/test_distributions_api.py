# SPDX-License-Identifier: Apache-2.0
"""CloudFront's API: distributions, invalidations and tags as unmodified clients use them."""

import copy
import re
import urllib.error
import urllib.request

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import botocore.exceptions
import pytest

from harness import DEADLINE_S, wait_for

CACHING_OPTIMIZED = "658327ea-f89d-4fab-a63d-7e88639e58f6"
ALL_VIEWER = "216adef6-5c7f-47e4-b989-5492eafa07d3"
NAMESPACE = "http://cloudfront.amazonaws.com/doc/2020-05-31/"


@pytest.fixture(scope="module")
def client(shared_node):
    return shared_node.boto("cloudfront")


def listed(*items):
    """CloudFront's form of a list."""
    return {"Quantity": len(items), "Items": list(items)} if items else {"Quantity": 0}


def config_of(reference, **members):
    """The least that CreateDistribution wants."""
    return {
        "CallerReference": reference,
        "Origins": listed({
            "Id": "origin",
            "DomainName": "origin.example",
            "CustomOriginConfig": {
                "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only",
            },
        }),
        "DefaultCacheBehavior": {
            "TargetOriginId": "origin",
            "ViewerProtocolPolicy": "allow-all",
            "CachePolicyId": CACHING_OPTIMIZED,
        },
        "Comment": "",
        "Enabled": True,
        **members,
    }


def create(client, reference, **members):
    return client.create_distribution(DistributionConfig=config_of(reference, **members))


def error_of(call, **arguments):
    with pytest.raises(botocore.exceptions.ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


FILLED_BEHAVIOR = {
    "TrustedSigners": {"Enabled": False, "Quantity": 0},
    "TrustedKeyGroups": {"Enabled": False, "Quantity": 0},
    "AllowedMethods": {**listed("HEAD", "GET"), "CachedMethods": listed("HEAD", "GET")},
    "SmoothStreaming": False,
    "Compress": False,
    "LambdaFunctionAssociations": listed(),
    "FunctionAssociations": listed(),
    "FieldLevelEncryptionId": "",
}

FILLED_ORIGIN = {
    "OriginPath": "",
    "CustomHeaders": listed(),
    "ConnectionAttempts": 3,
    "ConnectionTimeout": 10,
    "OriginShield": {"Enabled": False},
    "OriginAccessControlId": "",
}

FILLED = {
    "Aliases": listed(),
    "DefaultRootObject": "",
    "OriginGroups": listed(),
    "CacheBehaviors": listed(),
    "CustomErrorResponses": listed(),
    "Logging": {"Enabled": False, "IncludeCookies": False, "Bucket": "", "Prefix": ""},
    "PriceClass": "PriceClass_All",
    "ViewerCertificate": {
        "CloudFrontDefaultCertificate": True, "SSLSupportMethod": "vip",
        "MinimumProtocolVersion": "TLSv1", "CertificateSource": "cloudfront",
    },
    "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
    "WebACLId": "",
    "HttpVersion": "http2",
    "IsIPV6Enabled": False,
    "ContinuousDeploymentPolicyId": "",
    "Staging": False,
}


def full_behavior(**members):
    return {
        **copy.deepcopy(FILLED_BEHAVIOR),
        "TargetOriginId": "second",
        "ViewerProtocolPolicy": "redirect-to-https",
        "AllowedMethods": {
            **listed("GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS", "DELETE"),
            "CachedMethods": listed("OPTIONS", "HEAD", "GET"),
        },
        "Compress": True,
        **members,
    }


def full_config(reference):
    """Every field of the model that is served, none of it as it would be filled in."""
    config = copy.deepcopy({**FILLED, **config_of(reference)})
    config.update({
        "Aliases": listed("*.full.example", "WWW.full.example"),
        "DefaultRootObject": "index.html",
        "Origins": listed(
            {
                **copy.deepcopy(FILLED_ORIGIN),
                "Id": "first & <foremost>",
                "DomainName": "first.example",
                "OriginPath": "/a%20path",
                "CustomHeaders": listed(
                    {"HeaderName": "X-Origin-Verify", "HeaderValue": "a \"secret\" <&>"},
                    {"HeaderName": "X-Empty", "HeaderValue": ""},
                ),
                "CustomOriginConfig": {
                    "HTTPPort": 8080, "HTTPSPort": 8443, "OriginProtocolPolicy": "match-viewer",
                    "OriginSslProtocols": listed("TLSv1.2", "TLSv1.1"),
                    "OriginReadTimeout": 59, "OriginKeepaliveTimeout": 58,
                },
                "ConnectionAttempts": 2,
                "ConnectionTimeout": 9,
            },
            {
                **copy.deepcopy(FILLED_ORIGIN),
                "Id": "second",
                "DomainName": "bucket.example",
                "S3OriginConfig": {"OriginAccessIdentity": ""},
            },
        ),
        "DefaultCacheBehavior": full_behavior(
            TargetOriginId="first & <foremost>",
            ForwardedValues={
                "QueryString": True,
                "Cookies": {"Forward": "whitelist", "WhitelistedNames": listed("b", "A")},
                "Headers": listed("X-One", "Accept"),
                "QueryStringCacheKeys": listed("z", "a"),
            },
            MinTTL=1, DefaultTTL=2, MaxTTL=3,
        ),
        "CacheBehaviors": listed(
            full_behavior(PathPattern="/images/*.jp?g", CachePolicyId=CACHING_OPTIMIZED,
                          OriginRequestPolicyId=ALL_VIEWER),
            full_behavior(
                PathPattern="*.php",
                ForwardedValues={
                    "QueryString": False, "Cookies": {"Forward": "all"},
                    "Headers": listed(), "QueryStringCacheKeys": listed(),
                },
                MinTTL=0, DefaultTTL=0, MaxTTL=0,
            ),
        ),
        "CustomErrorResponses": listed(
            {"ErrorCode": 404, "ResponsePagePath": "", "ResponseCode": "",
             "ErrorCachingMinTTL": 0},
            {"ErrorCode": 503, "ResponsePagePath": "", "ResponseCode": "",
             "ErrorCachingMinTTL": 77},
        ),
        "Comment": "every field, \u00fcber <all> & \"more\"",
        "PriceClass": "PriceClass_100",
        "ViewerCertificate": {
            "CloudFrontDefaultCertificate": True, "SSLSupportMethod": "sni-only",
            "MinimumProtocolVersion": "TLSv1.2_2021", "CertificateSource": "cloudfront",
        },
        "HttpVersion": "http2and3",
        "IsIPV6Enabled": True,
    })
    return config


def wait_deployed(node, client, identity):
    def is_deployed():
        return client.get_distribution(Id=identity)["Distribution"]["Status"] == "Deployed"

    wait_for(is_deployed, f"Deployed; log:\n{node.log()[-3000:]}")


def test_every_field_that_was_sent_comes_back(shared_node, client):
    sent = full_config("every-field")
    created = client.create_distribution(DistributionConfig=sent)
    distribution = created["Distribution"]
    assert distribution["DistributionConfig"] == sent
    got = client.get_distribution_config(Id=distribution["Id"])
    assert got["DistributionConfig"] == sent
    assert got["ETag"] == created["ETag"]
    updated = client.update_distribution(
        Id=distribution["Id"], IfMatch=got["ETag"], DistributionConfig=got["DistributionConfig"]
    )
    assert updated["Distribution"]["DistributionConfig"] == sent
    wait_deployed(shared_node, client, distribution["Id"])


def test_what_was_left_out_is_absent_or_as_cloudfront_fills_it(client):
    sent = config_of("least")
    created = client.create_distribution(DistributionConfig=sent)["Distribution"]
    wanted = copy.deepcopy({**FILLED, **sent})
    origin = wanted["Origins"]["Items"][0]
    origin.update(FILLED_ORIGIN)
    origin["CustomOriginConfig"].update({
        "OriginSslProtocols": listed("TLSv1", "TLSv1.1", "TLSv1.2"),
        "OriginReadTimeout": 30, "OriginKeepaliveTimeout": 5,
    })
    wanted["DefaultCacheBehavior"].update(FILLED_BEHAVIOR)
    assert created["DistributionConfig"] == wanted


def test_a_distribution_is_described_as_cloudfront_does(shared_node, client):
    created = create(client, "described", Aliases=listed("described.example"))
    distribution = created["Distribution"]
    identity = distribution["Id"]
    assert re.fullmatch(r"E[0-9A-Z]{13}", identity)
    assert re.fullmatch(r"E[0-9A-Z]{12,13}", created["ETag"])
    assert created["Location"].endswith(f"/2020-05-31/distribution/{identity}")
    assert re.fullmatch(rf"arn:aws:cloudfront::\d{{12}}:distribution/{identity}",
                        distribution["ARN"])
    assert distribution["DomainName"] == f"{identity.lower()}.cdn.weir.test"
    assert distribution["Status"] in ("InProgress", "Deployed")
    assert distribution["InProgressInvalidationBatches"] == 0
    assert distribution["ActiveTrustedSigners"] == {"Enabled": False, "Quantity": 0}
    assert distribution["ActiveTrustedKeyGroups"] == {"Enabled": False, "Quantity": 0}
    assert distribution["AliasICPRecordals"] == [
        {"CNAME": "described.example", "ICPRecordalStatus": "APPROVED"}
    ]
    got = client.get_distribution(Id=identity)
    assert got["ETag"] == created["ETag"]
    del got["Distribution"]["Status"], distribution["Status"]
    assert got["Distribution"] == distribution
    shown = shared_node.aws("get-distribution", "--id", identity, service="cloudfront")
    assert shown["Distribution"]["Id"] == identity


def test_the_aws_cli_makes_one_from_an_origin_alone(shared_node):
    made = shared_node.aws(
        "create-distribution", "--origin-domain-name", "origin.example",
        "--default-root-object", "index.html", service="cloudfront",
    )["Distribution"]
    config = made["DistributionConfig"]
    assert config["DefaultRootObject"] == "index.html"
    assert config["DefaultCacheBehavior"]["DefaultTTL"] == 86400
    changed = shared_node.aws(
        "update-distribution", "--id", made["Id"], "--default-root-object", "other.html",
        service="cloudfront",
    )["Distribution"]
    assert changed["DistributionConfig"]["DefaultRootObject"] == "other.html"


def test_a_caller_reference_works_once(client):
    create(client, "once")
    for enabled in (True, False):
        config = config_of("once", Enabled=enabled)
        assert error_of(client.create_distribution, DistributionConfig=config) == (
            "DistributionAlreadyExists", 409
        )


def test_an_alternate_name_works_once(client):
    create(client, "name-1", Aliases=listed("Once.example"))
    config = config_of("name-2", Aliases=listed("once.EXAMPLE"))
    assert error_of(client.create_distribution, DistributionConfig=config) == (
        "CNAMEAlreadyExists", 409
    )


def test_an_update_needs_the_newest_etag(shared_node, client):
    created = create(client, "etag")
    identity = created["Distribution"]["Id"]
    config = created["Distribution"]["DistributionConfig"]
    update = client.update_distribution
    assert error_of(update, Id=identity, DistributionConfig=config) == (
        "InvalidIfMatchVersion", 400
    )
    changed = {**config, "Comment": "changed"}
    done = update(Id=identity, IfMatch=created["ETag"], DistributionConfig=changed)
    assert done["ETag"] != created["ETag"]
    assert done["Distribution"]["DistributionConfig"]["Comment"] == "changed"
    assert error_of(
        update, Id=identity, IfMatch=created["ETag"], DistributionConfig=config
    ) == ("PreconditionFailed", 412)
    assert error_of(
        update, Id=identity, IfMatch=done["ETag"],
        DistributionConfig={**config, "CallerReference": "other"},
    ) == ("IllegalUpdate", 400)
    stale = shared_node.aws(
        "delete-distribution", "--id", identity, "--if-match", created["ETag"],
        check=False, service="cloudfront",
    )
    assert "PreconditionFailed" in stale.stderr
    assert error_of(client.delete_distribution, Id=identity, IfMatch=done["ETag"]) == (
        "DistributionNotDisabled", 409
    )


def behavior(**members):
    """A configuration whose default behaviour has these members."""
    return {"DefaultCacheBehavior": {
        "TargetOriginId": "origin", "ViewerProtocolPolicy": "allow-all",
        "CachePolicyId": CACHING_OPTIMIZED, **members,
    }}


def origin(**members):
    """A configuration whose origin has these members."""
    return {"Origins": listed({
        "Id": "origin", "DomainName": "origin.example",
        "CustomOriginConfig": {
            "HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only",
        },
        **members,
    })}


REFUSALS = [
    ("NoSuchOrigin", 404, behavior(TargetOriginId="another")),
    ("NoSuchCachePolicy", 404, behavior(CachePolicyId="00000000-0000-0000-0000-000000000000")),
    ("NoSuchOriginRequestPolicy", 404, behavior(OriginRequestPolicyId="none")),
    ("NoSuchResponseHeadersPolicy", 404, behavior(ResponseHeadersPolicyId="none")),
    ("InvalidFunctionAssociation", 400, behavior(FunctionAssociations=listed(
        {"FunctionARN": "arn:aws:cloudfront::123456789012:function/f",
         "EventType": "viewer-request"}))),
    ("TrustedKeyGroupDoesNotExist", 400,
     behavior(TrustedKeyGroups={"Enabled": True, "Quantity": 0})),
    ("InvalidArgument", 400, behavior(AllowedMethods=listed("GET"))),
    ("InvalidArgument", 400, origin(DomainName="http://origin.example")),
    ("InvalidArgument", 400, origin(ConnectionAttempts=4)),
    ("InvalidOriginAccessControl", 400, origin(OriginAccessControlId="E0")),
    ("InvalidArgument", 400, origin(OriginShield={"Enabled": True,
                                                  "OriginShieldRegion": "us-east-1"})),
    ("InvalidOrigin", 400, origin(S3OriginConfig={"OriginAccessIdentity": ""})),
    ("InvalidDefaultRootObject", 400, {"DefaultRootObject": "/index.html"}),
    ("InvalidWebACLId", 400, {"WebACLId": "acl"}),
    ("InvalidViewerCertificate", 400,
     {"ViewerCertificate": {"ACMCertificateArn": "arn:aws:acm:us-east-1:1:certificate/a"}}),
    ("InvalidLocationCode", 400, {"Restrictions": {"GeoRestriction": {
        "RestrictionType": "whitelist", "Quantity": 1, "Items": ["Switzerland"]}}}),
    ("InvalidErrorCode", 400, {"CustomErrorResponses": listed({"ErrorCode": 418})}),
    ("InconsistentQuantities", 400, {"Aliases": {"Quantity": 2, "Items": ["a.example"]}}),
    ("MalformedXML", 400, {"PriceClass": "PriceClass_7"}),
    ("TooManyDistributionCNAMEs", 400,
     {"Aliases": listed(*(f"a{i}.example" for i in range(101)))}),
]


@pytest.mark.parametrize("code,status,members", REFUSALS,
                         ids=[f"{code}-{i}" for i, (code, _, _) in enumerate(REFUSALS)])
def test_a_configuration_is_refused_with_the_code_for_it(client, code, status, members):
    config = config_of("refused", **members)
    assert error_of(client.create_distribution, DistributionConfig=config) == (code, status)


def test_a_distribution_that_is_not_there_is_told_as_such(client):
    for call, arguments in [
        (client.get_distribution, {}),
        (client.get_distribution_config, {}),
        (client.delete_distribution, {"IfMatch": "E0"}),
    ]:
        assert error_of(call, Id="E00000000000NO", **arguments) == ("NoSuchDistribution", 404)


def raw(node, method, path, body=b"", headers=None):
    """A signed call whose body is written by hand: (status, headers, text)."""
    key, secret = node.keys()
    request = botocore.awsrequest.AWSRequest(
        method=method, url=f"http://{node.ready['api']}{path}", data=body, headers=headers or {}
    )
    credentials = botocore.credentials.Credentials(key, secret)
    botocore.auth.SigV4Auth(credentials, "cloudfront", "us-east-1").add_auth(request)
    call = urllib.request.Request(
        request.url, data=body or None, method=method, headers=dict(request.headers.items())
    )
    try:
        with urllib.request.urlopen(call, timeout=DEADLINE_S) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.headers, error.read().decode()


CONFIG_XML = f"""<?xml version="1.0"?>
<DistributionConfig xmlns="{NAMESPACE}"><CallerReference>newer</CallerReference>
<Origins><Quantity>1</Quantity><Items><Origin><Id>o</Id><DomainName>origin.example</DomainName>
<CustomOriginConfig><HTTPPort>80</HTTPPort><HTTPSPort>443</HTTPSPort>
<OriginProtocolPolicy>http-only</OriginProtocolPolicy><Newest>1</Newest></CustomOriginConfig>
</Origin></Items></Origins><DefaultCacheBehavior><TargetOriginId>o</TargetOriginId>
<ViewerProtocolPolicy>allow-all</ViewerProtocolPolicy>
<CachePolicyId>{CACHING_OPTIMIZED}</CachePolicyId><GrpcConfig><Enabled>false</Enabled></GrpcConfig>
</DefaultCacheBehavior><Comment></Comment><Enabled>false</Enabled>
<Invented><Part>a &lt; b</Part></Invented></DistributionConfig>"""


def test_what_a_newer_client_sends_comes_back_too(shared_node):
    status, _, text = raw(shared_node, "POST", "/2020-05-31/distribution", CONFIG_XML.encode())
    assert status == 201, text
    assert "<Newest>1</Newest>" in text
    assert "<Invented><Part>a &lt; b</Part></Invented>" in text
    identity = re.search("<Id>(E[^<]*)</Id>", text).group(1)
    _, headers, text = raw(shared_node, "GET", f"/2020-05-31/distribution/{identity}/config")
    assert "<Invented><Part>a &lt; b</Part></Invented></DistributionConfig>" in text
    status, _, text = raw(
        shared_node, "PUT", f"/2020-05-31/distribution/{identity}/config", text.encode(),
        {"If-Match": headers["ETag"]},
    )
    assert status == 200 and "<Newest>1</Newest>" in text


def test_a_body_that_is_none_is_refused(shared_node):
    path = "/2020-05-31/distribution"
    status, _, text = raw(shared_node, "POST", path)
    assert (status, "<Code>MissingBody</Code>" in text) == (400, True)
    for body in (b"<DistributionConfig>", b"<Other/>", b"<!DOCTYPE a><DistributionConfig/>"):
        status, _, text = raw(shared_node, "POST", path, body)
        assert (status, "<Code>MalformedXML</Code>" in text) == (400, True)


def test_distributions_are_listed_by_pages(client):
    wanted = {create(client, f"page-{i}")["Distribution"]["Id"] for i in range(5)}
    pages = list(client.get_paginator("list_distributions").paginate(
        PaginationConfig={"PageSize": 2}
    ))
    assert len(pages) > 2
    seen = []
    for page in pages:
        distributions = page["DistributionList"]
        assert distributions["MaxItems"] == 2
        assert distributions["Quantity"] == len(distributions["Items"])
        seen += distributions["Items"]
    identities = [d["Id"] for d in seen]
    assert len(identities) == len(set(identities)) and wanted <= set(identities)
    one = next(d for d in seen if d["Id"] in wanted)
    assert one["Aliases"] == {"Quantity": 0} and one["Origins"]["Quantity"] == 1
    assert one["Staging"] is False and one["PriceClass"] == "PriceClass_All"
    assert error_of(client.list_distributions, MaxItems="none")[0] == "InvalidArgument"


def test_tags_come_and_go(shared_node, client):
    made = client.create_distribution_with_tags(DistributionConfigWithTags={
        "DistributionConfig": config_of("tagged"),
        "Tags": {"Items": [{"Key": "team", "Value": "edge"}, {"Key": "empty", "Value": ""}]},
    })["Distribution"]
    arn = made["ARN"]

    def tags():
        return {t["Key"]: t.get("Value")
                for t in client.list_tags_for_resource(Resource=arn)["Tags"]["Items"]}

    assert tags() == {"team": "edge", "empty": ""}
    client.tag_resource(Resource=arn, Tags={"Items": [{"Key": "team", "Value": "dns"},
                                                      {"Key": "new", "Value": "1"}]})
    shared_node.aws("untag-resource", "--resource", arn, "--tag-keys", "Items=empty,other",
                    service="cloudfront")
    assert tags() == {"team": "dns", "new": "1"}
    assert error_of(
        client.tag_resource, Resource=arn, Tags={"Items": [{"Key": "aws:x", "Value": ""}]}
    ) == ("InvalidTagging", 400)
    assert error_of(client.list_tags_for_resource, Resource=arn[:-3]) == ("NoSuchResource", 404)


def batch(reference, *paths):
    return {"Paths": listed(*paths), "CallerReference": reference}


def test_an_invalidation_is_described_as_cloudfront_does(shared_node, client):
    identity = create(client, "invalidated")["Distribution"]["Id"]
    made = client.create_invalidation(
        DistributionId=identity, InvalidationBatch=batch("first", "/a%20b?c=d", "/images/*")
    )
    invalidation = made["Invalidation"]
    assert re.fullmatch(r"I[0-9A-Z]{13,25}", invalidation["Id"])
    assert made["Location"].endswith(f"/{identity}/invalidation/{invalidation['Id']}")
    assert invalidation["Status"] in ("InProgress", "Completed")
    assert invalidation["InvalidationBatch"] == batch("first", "/a%20b?c=d", "/images/*")
    got = client.get_invalidation(DistributionId=identity, Id=invalidation["Id"])["Invalidation"]
    assert got["InvalidationBatch"] == invalidation["InvalidationBatch"]
    again = client.create_invalidation(
        DistributionId=identity, InvalidationBatch=batch("first", "/a%20b?c=d", "/images/*")
    )
    assert again["Invalidation"]["Id"] == invalidation["Id"]
    assert error_of(
        client.create_invalidation, DistributionId=identity,
        InvalidationBatch=batch("first", "/other"),
    ) == ("InvalidationBatchAlreadyExists", 409)
    by_cli = shared_node.aws(
        "create-invalidation", "--distribution-id", identity, "--paths", "/x", "/y",
        service="cloudfront",
    )["Invalidation"]
    summaries = client.list_invalidations(DistributionId=identity)["InvalidationList"]
    assert [s["Id"] for s in summaries["Items"]] == [by_cli["Id"], invalidation["Id"]]
    assert summaries["IsTruncated"] is False
    first = client.list_invalidations(DistributionId=identity, MaxItems="1")["InvalidationList"]
    assert first["IsTruncated"] is True and first["NextMarker"] == by_cli["Id"]


@pytest.mark.parametrize("path", ["a", "/a*b", "/a b", "/\u00fc", "/" + "a" * 4000])
def test_a_path_that_is_none_is_refused(client, path):
    identity = create(client, f"path-{len(path)}-{path[:4].encode().hex()}")["Distribution"]["Id"]
    assert error_of(
        client.create_invalidation, DistributionId=identity, InvalidationBatch=batch("p", path)
    ) == ("InvalidArgument", 400)


def test_invalidations_have_their_limits(client):
    identity = create(client, "limits")["Distribution"]["Id"]
    assert error_of(
        client.create_invalidation, DistributionId=identity,
        InvalidationBatch=batch("16", *(f"/{i}/*" for i in range(16))),
    ) == ("BatchTooLarge", 413)
    assert error_of(
        client.create_invalidation, DistributionId=identity, InvalidationBatch=batch("none")
    ) == ("InvalidArgument", 400)
    assert error_of(client.get_invalidation, DistributionId=identity, Id="I0") == (
        "NoSuchInvalidation", 404
    )
    assert error_of(
        client.create_invalidation, DistributionId="E0", InvalidationBatch=batch("a", "/a")
    ) == ("NoSuchDistribution", 404)


def test_what_was_acknowledged_survives_kill_9(node):
    client = node.boto("cloudfront")
    created = create(client, "durable", Comment="kept", Aliases=listed("kept.example"))
    identity = created["Distribution"]["Id"]
    made = client.create_invalidation(DistributionId=identity,
                                      InvalidationBatch=batch("kept", "/kept"))["Invalidation"]
    node.kill()
    node.start()
    client = node.boto("cloudfront")
    got = client.get_distribution(Id=identity)
    assert got["ETag"] == created["ETag"]
    assert got["Distribution"]["DistributionConfig"]["Comment"] == "kept"
    kept = client.get_invalidation(DistributionId=identity, Id=made["Id"])["Invalidation"]
    assert kept["InvalidationBatch"] == batch("kept", "/kept")


def test_a_distribution_is_deleted_once_it_is_disabled_and_deployed(shared_node, client):
    created = create(client, "deleted", Aliases=listed("deleted.example"))
    identity = created["Distribution"]["Id"]

    wait_deployed(shared_node, client, identity)
    client.create_invalidation(DistributionId=identity, InvalidationBatch=batch("all", "/*"))
    config = created["Distribution"]["DistributionConfig"]
    disabled = client.update_distribution(
        Id=identity, IfMatch=created["ETag"], DistributionConfig={**config, "Enabled": False}
    )
    wait_deployed(shared_node, client, identity)
    shared_node.aws("delete-distribution", "--id", identity, "--if-match", disabled["ETag"],
                    service="cloudfront")
    assert error_of(client.get_distribution, Id=identity) == ("NoSuchDistribution", 404)
    assert error_of(client.create_distribution, DistributionConfig=config)[0] == (
        "DistributionAlreadyExists"
    )
    create(client, "deleted-2", Aliases=listed("deleted.example"))
    pages = client.get_paginator("list_distributions").paginate()
    assert identity not in [d["Id"] for page in pages for d in page["DistributionList"]["Items"]]
