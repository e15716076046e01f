from django.db import migrations, models

# Every row changes every night, and no index with it: half of each page stays free, so that the
# new version of a row finds room beside the old one.
ROOM = "ALTER TABLE clientgroups_rfmscore SET (fillfactor = 50)"
NO_ROOM = "ALTER TABLE clientgroups_rfmscore RESET (fillfactor)"


class Migration(migrations.Migration):
    dependencies = [("clientgroups", "0006_engagement_and_health")]

    operations = [
        migrations.AddField(
            model_name="finding",
            name="submission_key",
            field=models.UUIDField(blank=True, editable=False, null=True, unique=True),
        ),
        migrations.AddField(
            model_name="lifecyclepolicy",
            name="derived_on",
            field=models.DateField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="valuepolicy",
            name="scored_on",
            field=models.DateField(blank=True, editable=False, null=True),
        ),
        migrations.AddField(
            model_name="valuepolicy",
            name="stale_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.RunSQL(ROOM, NO_ROOM),
    ]
