from __future__ import annotations

import pytest
from pydantic import SecretStr

from server.setting_names import SettingsError
from server.settings import Settings
from storage.recording_store import Bucket


def test_recordings_stay_unless_a_bucket_is_named() -> None:
    assert Settings().bucket is None


def test_a_bucket_is_named_by_url_and_reached_as_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "RECORDINGS_URL": "s3://my-bucket/calls/of/mine/",
        "S3_ENDPOINT": "http://127.0.0.1:9000",
        "S3_REGION": "ap-south-1",
        "S3_ACCESS_KEY": "access",
        "S3_SECRET_KEY": "hush-hush",
    }.items():
        monkeypatch.setenv(f"VAANI_{name}", value)
    settings = Settings.load()
    assert settings.bucket == Bucket(
        "my-bucket", "calls/of/mine", "http://127.0.0.1:9000", "ap-south-1", "access", "hush-hush"
    )
    assert settings.s3.secret_key == SecretStr("hush-hush")
    assert "hush-hush" not in repr(settings) + repr(settings.bucket)


def test_what_is_not_set_is_left_to_the_usual_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAANI_RECORDINGS_URL", "s3://my-bucket")
    assert Settings.load().bucket == Bucket("my-bucket")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("RECORDINGS_URL", "my-bucket"),
        ("RECORDINGS_URL", "gs://my-bucket"),
        ("RECORDINGS_URL", "s3://"),
        ("RECORDINGS_URL", "s3://My_Bucket"),
        ("RECORDINGS_URL", "s3://my-bucket/with space"),
        ("S3_ENDPOINT", "127.0.0.1:9000"),
        ("S3_ACCESS_KEY", "alone"),
        ("S3_SECRET_KEY", "alone"),
    ],
)
def test_what_names_no_store_is_refused_by_its_name(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"VAANI_{name}", value)
    with pytest.raises(SettingsError, match=f"VAANI_{name}"):
        Settings.load()
