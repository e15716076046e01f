from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("clientgroups", "0003_client_care")]

    operations = [
        migrations.AddField(
            model_name="activity",
            name="cancelled_because",
            field=models.CharField(
                blank=True, editable=False, max_length=300, verbose_name="why it was cancelled"
            ),
        ),
        migrations.AddField(
            model_name="activity",
            name="version",
            field=models.PositiveIntegerField(default=1, editable=False),
        ),
        migrations.AddField(
            model_name="activityinvitation",
            name="reminded_at",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="activityinvitation",
            name="answer",
            field=models.CharField(
                choices=[
                    ("none", "No answer yet"),
                    ("accepted", "Accepted"),
                    ("waiting", "Waiting for a seat"),
                    ("declined", "Declined"),
                ],
                default="none",
                max_length=8,
                verbose_name="answer",
            ),
        ),
    ]
